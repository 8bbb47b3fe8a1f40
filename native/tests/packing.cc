// What is stored: 16-bit floats, packing and its reverse, and the rows that are looked up.
#include <algorithm>
#include <cmath>
#include <limits>

#include "../half.h"
#include "matrix.h"

namespace smjax::tests {
namespace {

// What the bits of a 16-bit float with `fraction` bits of fraction mean.
double meaning(uint16_t bits, int fraction) {
  const int exponent_bits = 15 - fraction, bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits & 0x7fff) >> fraction, rest = bits & ((1 << fraction) - 1);
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return rest ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(rest, 1 - bias - fraction);
  return sign * std::ldexp((1 << fraction) + rest, exponent - bias - fraction);
}

// Every value is read and written right, and what lies between two is rounded to the nearer one, half-way to the even
// one.
void check_halves(int fraction, float (*read)(uint16_t), uint16_t (*write)(float), const std::string& what) {
  bool reads = true, writes = true, rounds = true;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const double value = meaning(uint16_t(bits), fraction);
    const float found = read(uint16_t(bits));
    reads &=
        std::isnan(value) ? std::isnan(found) : double(found) == value && std::signbit(found) == std::signbit(value);
    writes &= std::isnan(value) ? std::isnan(read(write(found))) : write(found) == bits;
    const double next = meaning(uint16_t(bits + 1), fraction);
    if (!std::isfinite(value) || !std::isfinite(next) || bits == 0x7fff) continue;
    const double middle = (value + next) / 2, aside = std::ldexp(next - value, -8);
    rounds &= write(float(middle)) == bits + bits % 2;
    rounds &= write(float(middle - aside)) == bits && write(float(middle + aside)) == bits + 1;
  }
  check(reads, what + ": all values are read right");
  check(writes, what + ": all values are written right");
  check(rounds, what + ": what is between is rounded to the nearest, half-way to even");
}

constexpr int64_t kOut = 37;

}  // namespace

void test_halves() {
  check_halves(10, half_to_float, float_to_half, "f16");
  check_halves(7, bfloat_to_float, float_to_bfloat, "bf16");
  check(float_to_half(65520.0f) == 0x7c00 && float_to_half(65519.0f) == 0x7bff && float_to_half(-1e9f) == 0xfc00,
        "f16: too large");
  check(float_to_half(2.9e-8f) == 0 && float_to_half(3.0e-8f) == 1, "f16: too small");
}

// Packed in two parts, as a loader does, the weights are what the file says; Q6_K's scales are rounded to f16 once
// more, and a product with a minimum added may be rounded once less.
void test_packing() {
  Random random(1);
  for (int e = 0; e < kEncodings; ++e) {
    const auto encoding = Encoding(e);
    for (int64_t n_in : {int64_t(256), many_inputs(encoding)}) {
      const std::string what = std::string(name(encoding)) + " of " + std::to_string(n_in) + " inputs: ";
      const std::vector<uint8_t> rows = random_rows(encoding, n_in, kOut, random);
      const std::vector<float> expected = stored_weights(encoding, n_in, rows);
      Matrix matrix(encoding, kOut, n_in, rows);
      const int64_t first = 19, split = first * stored_row_bytes(encoding, n_in),
                    bytes = matrix_bytes(encoding, kOut, n_in);
      Bytes parts(bytes, 0xff);
      pack(encoding, kOut, n_in, rows.data() + split, kOut - first, first, parts.data());
      pack(encoding, kOut, n_in, rows.data(), first, 0, parts.data());
      check(std::equal(parts.data(), parts.data() + bytes, matrix.bytes.data()), what + "packed in parts or at once");
      if (encoding == Encoding::kQ6_K || traits(encoding).minimum) {
        const double tolerance = encoding == Encoding::kQ6_K ? 1e-7 : 1e-13;
        check_close(matrix.weights(), {expected.begin(), expected.end()}, tolerance, what + "weights");
      } else {
        check_same(matrix.weights(), expected, what + "weights");
      }
    }
  }
}

void test_look_up() {
  Random random(2);
  for (int e = 0; e < kEncodings; ++e) {
    const std::string what = std::string(name(Encoding(e))) + ": look up";
    const int64_t n_in = many_inputs(Encoding(e));
    Matrix matrix(Encoding(e), kOut, n_in, random_rows(Encoding(e), n_in, kOut, random), 2);
    std::vector<int32_t> ids = {0, 36, 16, 15, -1, 37, -2147483647, 2147483647, 5, 5};
    const std::vector<float> weights = matrix.weights();
    std::vector<float> out(ids.size() * size_t(n_in)), expected;
    for (int64_t id : {0, 36, 16, 15, 0, 36, 0, 36, 5, 5}) {
      expected.insert(expected.end(), weights.begin() + id * n_in, weights.begin() + (id + 1) * n_in);
    }
    const int64_t count = int64_t(ids.size());
    const Complaint complaint =
        look_up({e, kOut, n_in}, matrix.tensor(), tensor(ids, {count}), tensor(out, {count, n_in}));
    check(complaint.empty(), what + ": " + complaint);
    check_same(out, expected, what);
  }
}

}  // namespace smjax::tests
