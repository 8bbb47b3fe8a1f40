// What Python calls: wrong arguments come back as words or NaN, and nothing is written.
#include "../exports.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "matrix.h"

namespace smjax::tests {
namespace {

constexpr int64_t kOut = 37, kIn = 512;

// Arguments of smjax_pack that would be fine, for one of them to be made wrong.
struct Pack {
  Encoding encoding;
  std::vector<uint8_t> rows;
  int64_t size;
  Bytes room;
  int32_t number;
  int64_t n_out = kOut, n_in = kIn, rows_bytes, n_rows = kOut - 3, first_out = 3, bytes;
  const uint8_t* from;
  uint8_t* to;

  Pack(Encoding e, Random& random)
      : encoding(e),
        rows(random_rows(e, kIn, kOut - 3, random)),
        size(matrix_bytes(e, kOut, kIn)),
        room(size, 0x5a),
        number(int32_t(e)),
        rows_bytes(int64_t(rows.size())),
        bytes(size),
        from(rows.data()),
        to(room.data()) {}

  std::string call() { return smjax_pack(number, n_out, n_in, from, rows_bytes, n_rows, first_out, to, bytes); }
  bool untouched() const {
    return std::all_of(room.data(), room.data() + size, [](uint8_t byte) { return byte == 0x5a; });
  }
};

void check_refused(Encoding encoding, const std::string& what, const std::function<void(Pack&)>& spoil) {
  Random random(15);
  Pack pack(encoding, random);
  spoil(pack);
  check(!pack.call().empty(), std::string("pack refused: ") + what + ", " + name(encoding));
  check(pack.untouched(), std::string("pack untouched: ") + what + ", " + name(encoding));
}

void check_pack(Encoding e) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min(), kMost = std::numeric_limits<int64_t>::max();
  Random random(15);
  Pack fine(e, random);
  check(fine.call().empty() && !fine.untouched(), "what is not made wrong is packed");
  Pack none(e, random);
  none.n_rows = none.rows_bytes = 0, none.from = nullptr;
  check(none.call().empty() && none.untouched(), "no rows are packed");
  for (int32_t wrong : {-1, kEncodings, std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min()}) {
    check_refused(e, "encoding", [=](Pack& p) { p.number = wrong; });
  }
  for (int64_t wrong : {kLeast, int64_t(-1), int64_t(0), int64_t(1) << 31, kMost}) {
    check_refused(e, "n_out", [=](Pack& p) { p.n_out = wrong; });
    check_refused(e, "n_in", [=](Pack& p) { p.n_in = wrong; });
  }
  for (int64_t wrong : {kLeast, int64_t(-1), int64_t(4), kOut, kOut + 1, kMost}) {
    check_refused(e, "first_out", [=](Pack& p) { p.first_out = wrong; });
  }
  for (int64_t wrong : {kLeast, int64_t(-1), int64_t(0), kOut - 4, kOut - 2, kMost}) {
    check_refused(e, "n_rows", [=](Pack& p) { p.n_rows = wrong; });
  }
  for (int64_t by : {-64, -1, 1, 64}) {
    check_refused(e, "bytes of the rows", [=](Pack& p) { p.rows_bytes += by; });
    check_refused(e, "bytes of the matrix", [=](Pack& p) { p.bytes += by; });
  }
  check_refused(e, "no rows", [](Pack& p) { p.from = nullptr; });
  Pack nowhere(e, random);
  nowhere.to = nullptr;
  check(!nowhere.call().empty(), "pack refused: no matrix");
  if (traits(e).stored_weights > 1) check_refused(e, "half a block", [](Pack& p) { p.n_in = kIn - 16; });
}

void check_matrix_bytes() {
  for (int e = 0; e < kEncodings; ++e) {
    check(smjax_matrix_bytes(e, kOut, kIn) == matrix_bytes(Encoding(e), kOut, kIn), "bytes of a matrix");
    check(smjax_matrix_bytes(e, 0, kIn) < 0 && smjax_matrix_bytes(e, kOut, -1) < 0, "bytes of no matrix");
  }
  check(smjax_matrix_bytes(kEncodings, kOut, kIn) < 0 && smjax_matrix_bytes(-1, kOut, kIn) < 0, "no encoding");
}

void check_names() {
  std::string names;
  for (int e = 0; e < kEncodings; ++e) names += (e ? " " : "") + std::string(name(Encoding(e)));
  check(smjax_encodings() == names, "the encodings' names, " + names);
  check(std::strstr(smjax_isas(), "scalar") != nullptr, "the instruction sets' names");
  check(smjax_abi() == kSmjaxAbi, "the number of the interface");
}

void check_measurements() {
  const Bytes bytes(640, 1);
  const uint8_t *data[] = {bytes.data()}, *nothing[] = {nullptr};
  const int64_t sizes[] = {640}, negative[] = {-64};
  int64_t times[3] = {-1, -1, -1};
  check(smjax_read_bandwidth(1, data, sizes, 0) > 0, "read bandwidth");
  check(std::isnan(smjax_read_bandwidth(1, nothing, sizes, 0)) &&
            std::isnan(smjax_read_bandwidth(1, data, negative, 0)) &&
            std::isnan(smjax_read_bandwidth(-1, data, sizes, 0)) &&
            std::isnan(smjax_read_bandwidth(1, nullptr, sizes, 0)),
        "read bandwidth of no memory");
  check(std::strlen(smjax_wake_ups(-1, -1, 2, times)) == 0 && times[1] >= 0 && times[2] == -1, "wake-ups");
  check(std::strlen(smjax_wake_ups(-1, -1, 2, nullptr)) > 0 && std::strlen(smjax_wake_ups(-1, -1, -1, times)) > 0,
        "wake-ups without room");
}

void check_drills() {
  float a[3] = {1, 1, 1}, b[3] = {2, 2, 2};
  check(smjax_multiply_add(0, 1) > 0 && smjax_multiply_add(1, 1) > 0, "multiply-adds");
  check(smjax_multiply_add(2, 1) < 0 && smjax_multiply_add(-1, 1) < 0 && smjax_multiply_add(0, -1) < 0, "no factors");
  check(std::strlen(smjax_stream(0, a, nullptr, nullptr, 3, 1)) == 0, "a read");
  check(std::strlen(smjax_stream(1, a, b, nullptr, 3, 1)) == 0 && a[2] == 2, "a copy");
  for (int32_t kind : {-1, 3}) check(std::strlen(smjax_stream(kind, a, b, b, 3, 1)) > 0, "no such stream");
  check(std::strlen(smjax_stream(0, nullptr, b, b, 3, 1)) > 0 &&
            std::strlen(smjax_stream(1, a, nullptr, b, 3, 1)) > 0 &&
            std::strlen(smjax_stream(2, a, b, nullptr, 3, 1)) > 0,
        "a stream without memory");
  check(std::strlen(smjax_stream(2, a, b, b, -3, 1)) > 0 && std::strlen(smjax_stream(2, a, b, b, 3, -1)) > 0,
        "a stream of less than nothing");
  check(a[0] == 2, "what is refused writes nothing");
  check(std::strlen(smjax_fork_and_join(2)) == 0 && std::strlen(smjax_fork_and_join(-1)) > 0, "forks");
}

void check_probes() {
  const int32_t cpus[] = {0};
  double found[4] = {-1, -1, -1, -1};
  check(smjax_watch(1, cpus, 1) == 1 && std::strlen(smjax_probe(1, found)) == 0, "a probe");
  check(found[0] >= 0 && found[1] >= 0 && found[2] == -1, "a probe of one thread");
  check(std::strlen(smjax_probe(2, found)) > 0 && std::strlen(smjax_probe(1, nullptr)) > 0, "no room for a probe");
  check(smjax_watch(-1, cpus, 1) < 0 && smjax_watch(1025, nullptr, 0) < 0 && smjax_watch(2, nullptr, 1) < 0,
        "a watch that cannot be");
  check(smjax_watch(0, nullptr, 0) == 0 && std::strlen(smjax_probe(0, nullptr)) == 0, "nothing to probe");
  check(std::strlen(smjax_probe(1, found)) > 0, "a probe without a watch");
}

void check_start() {
  const int32_t cpus[] = {0};
  check(std::strlen(smjax_start("auto", 2, cpus, 1)) == 0, "start");
  check(std::strlen(smjax_start("auto", 2, nullptr, 0)) == 0, "start without CPUs");
  for (const char* isa : {"mmx", static_cast<const char*>(nullptr)}) {
    check(std::strlen(smjax_start(isa, 1, cpus, 1)) > 0, "start of an unknown instruction set");
  }
  check(std::strlen(smjax_start("auto", 1, nullptr, 1)) > 0 && std::strlen(smjax_start("auto", 1, cpus, -1)) > 0,
        "start without the CPUs");
}

}  // namespace

void test_exports() {
  for (int e = 0; e < kEncodings; ++e) check_pack(Encoding(e));
  check_matrix_bytes();
  check_names();
  check_measurements();
  check_probes();
  check_drills();
  check_start();
}

}  // namespace smjax::tests
