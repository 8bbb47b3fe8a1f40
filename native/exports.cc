#include "exports.h"

#include <cerrno>
#include <limits>
#include <string>
#include <vector>

#include "arguments.h"
#include "counters.h"
#include "drills.h"
#include "machine.h"
#include "never_throws.h"
#include "operations.h"
#include "pack.h"
#include "probe.h"
#include "runtime.h"
#include "trace.h"

namespace smjax {
namespace {

void append(std::string& names, const char* name) { names += (names.empty() ? "" : " ") + std::string(name); }

Complaint check_pack(int32_t encoding, int64_t n_out, int64_t n_in, const uint8_t* rows, int64_t rows_bytes,
                     int64_t n_rows, int64_t first_out, const uint8_t* matrix, int64_t bytes) {
  if (Complaint c = check_matrix(encoding, n_out, n_in); !c.empty()) return c;
  const auto found = [](const char* expected, int64_t n) {
    return expected + std::string(", found ") + std::to_string(n);
  };
  if (first_out < 0 || first_out > n_out) return found("first_out: expected an output of the matrix", first_out);
  if (n_rows < 0 || n_rows > n_out - first_out) return found("n_rows: expected at most the outputs left", n_rows);
  const int64_t stored = n_rows * stored_row_bytes(Encoding(encoding), n_in);
  const int64_t packed = matrix_bytes(Encoding(encoding), n_out, n_in);
  if (rows_bytes != stored) return found(("rows: expected " + std::to_string(stored) + " bytes").c_str(), rows_bytes);
  if (bytes != packed) return found(("matrix: expected " + std::to_string(packed) + " bytes").c_str(), bytes);
  return expect_that(matrix && (rows || !n_rows), "memory of the rows and of the matrix, found none");
}

static_assert(sizeof(Probe) == 2 * sizeof(double), "two figures of each thread follow each other");

Complaint check_ranges(int32_t n, const uint8_t* const* data, const int64_t* sizes) {
  Complaint found = expect_that(n >= 0 && (n == 0 || (data && sizes)), "ranges of memory");
  for (int32_t i = 0; found.empty() && i < n; ++i)
    found = expect_that(data[i] && sizes[i] >= 0, "memory in every range");
  return found;
}

Complaint check_stream(int32_t stream, const float* a, const float* b, const float* c, int64_t n, int64_t rounds) {
  constexpr int32_t kFirst = int32_t(Stream::kRead), kLast = int32_t(Stream::kTriad);
  if (stream < kFirst || stream > kLast) return "stream: expected one that there is, found " + std::to_string(stream);
  if (n < 0 || rounds < 0) return "stream: expected a number of floats and of rounds, found one below 0";
  const bool there = a && (b || stream == kFirst) && (c || stream != kLast);
  return expect_that(there || !n, "memory of every array");
}

bool are_events(const int64_t* events, int32_t n) { return n >= 0 && n <= Counters::kMostEvents && (events || !n); }

std::vector<Event> events_of(const int64_t* events, int32_t n) {
  std::vector<Event> found;
  for (int32_t i = 0; i < n; ++i) found.push_back({events[2 * i], events[2 * i + 1]});
  return found;
}

}  // namespace
}  // namespace smjax

using namespace smjax;

int32_t smjax_abi() { return kSmjaxAbi; }

const char* smjax_isas() {
  return names_of([] {
    std::string all;
    for (const Kernel* const* kernel = kernels(); *kernel; ++kernel) append(all, (*kernel)->name);
    return all;
  });
}

const char* smjax_encodings() {
  return names_of([] {
    std::string all;
    for (const Traits& each : kTraits) append(all, each.name);
    return all;
  });
}

const char* smjax_start(const char* isa, int32_t threads, const int32_t* cpus, int32_t n_cpus) {
  return complaint_of([&]() -> std::string {
    if (!isa || n_cpus < 0 || (n_cpus && !cpus)) return "start: expected a name and CPUs, found none";
    return start(isa, threads, {cpus, cpus + n_cpus});
  });
}

int64_t smjax_matrix_bytes(int32_t encoding, int64_t n_out, int64_t n_in) {
  try {
    return check_matrix(encoding, n_out, n_in).empty() ? matrix_bytes(Encoding(encoding), n_out, n_in) : -1;
  } catch (...) {
    return -1;
  }
}

const char* smjax_pack(int32_t encoding, int64_t n_out, int64_t n_in, const uint8_t* rows, int64_t rows_bytes,
                       int64_t n_rows, int64_t first_out, uint8_t* matrix, int64_t bytes) {
  return complaint_of([&]() -> std::string {
    Complaint wrong = check_pack(encoding, n_out, n_in, rows, rows_bytes, n_rows, first_out, matrix, bytes);
    if (wrong.empty()) pack(Encoding(encoding), n_out, n_in, rows, n_rows, first_out, matrix);
    return wrong;
  });
}

double smjax_read_bandwidth(int32_t n, const uint8_t* const* data, const int64_t* sizes, double seconds) {
  return number_of([&] {
    const bool fine = check_ranges(n, data, sizes).empty();
    return fine ? read_bandwidth(n, data, sizes, seconds) : std::numeric_limits<double>::quiet_NaN();
  });
}

double smjax_effective_ghz(int32_t cpu) {
  return number_of([&] { return effective_ghz(cpu); });
}

int64_t smjax_multiply_add(int32_t factors, int64_t rounds) {
  try {
    const bool known = factors == int32_t(Factors::kFloats) || factors == int32_t(Factors::kBytes);
    return known && rounds >= 0 ? multiply_add(Factors(factors), rounds) : -1;
  } catch (...) {
    return -1;
  }
}

const char* smjax_stream(int32_t kind, float* a, const float* b, const float* c, int64_t n, int64_t rounds) {
  return complaint_of([&]() -> std::string {
    Complaint wrong = check_stream(kind, a, b, c, n, rounds);
    if (wrong.empty()) stream(Stream(kind), a, b, c, n, rounds);
    return wrong;
  });
}

const char* smjax_fork_and_join(int64_t count) {
  return complaint_of([&]() -> std::string {
    if (count < 0) return "forks: expected a number of them, found " + std::to_string(count);
    fork_and_join(count);
    return {};
  });
}

int32_t smjax_watch(int32_t threads, const int32_t* cpus, int32_t n_cpus) {
  try {
    if (threads < 0 || threads > Pool::kMaxThreads || n_cpus < 0 || (n_cpus && !cpus)) return -1;
    return watch(threads, {cpus, cpus + n_cpus});
  } catch (...) {
    return -1;
  }
}

const char* smjax_probe(int32_t threads, double* found) {
  return complaint_of([&]() -> std::string {
    if (threads != watched() || (threads && !found)) return "probe: expected room for what is watched, found another";
    if (threads) probe(reinterpret_cast<Probe*>(found));
    return {};
  });
}

const char* smjax_trace_start(int64_t stamps, const int64_t* events, int32_t n_events) {
  return complaint_of([&]() -> std::string {
    if (stamps < 1) return "trace: expected room for stamps, found none";
    if (!are_events(events, n_events)) return "trace: expected events to count, found another number of them";
    const Turn turn;
    start_trace(turn->pool.size(), stamps, events_of(events, n_events));
    return {};
  });
}

void smjax_trace_stop() { stop_trace(); }

int64_t smjax_trace_stamps(int32_t thread, void* stamps, int64_t n) {
  return n < 0 || (n && !stamps) ? -1 : read_stamps(thread, static_cast<Stamped*>(stamps), n);
}

int64_t smjax_trace_counts(int32_t thread, int64_t* counts, int64_t n) {
  return n < 0 || (n && !counts) ? -1 : read_counts(thread, counts, n);
}

int32_t smjax_why_not_counted(const int64_t* events, int32_t n_events) {
  try {
    return are_events(events, n_events) ? Counters().open(0, events_of(events, n_events)) : E2BIG;
  } catch (...) {
    return ENOMEM;
  }
}

int64_t smjax_trace_calls(void* calls, int64_t n) {
  return n < 0 || (n && !calls) ? -1 : read_calls(static_cast<Called*>(calls), n);
}

double smjax_stamp_cost() {
  return number_of([] {
    const Turn turn;
    return stamp_cost();
  });
}

const char* smjax_wake_ups(int32_t cpu_waking, int32_t cpu_woken, int32_t n, int64_t* nanoseconds) {
  return complaint_of([&]() -> std::string {
    if (n < 0 || (n && !nanoseconds)) return "wake-ups: expected room for their times, found none";
    wake_ups(cpu_waking, cpu_woken, n, nanoseconds);
    return {};
  });
}
