// Floats that are denormal: whatever the caller's thread makes of them, and whichever thread computes, the result is
// the same.
#include "../denormals.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../half.h"
#include "reference.h"

namespace smjax::tests {
namespace {

constexpr int64_t kOut = 700, kIn = 256;

// Weights that are denormal as halves, but not as floats: they count.
void check_halves() {
  Random random(16);
  std::vector<uint8_t> rows(size_t(kOut * kIn * 2));
  for (int64_t i = 0; i < kOut * kIn; ++i) {
    const auto half = uint16_t(random.below(0x400) | random.below(2) << 15);
    std::memcpy(&rows[size_t(2 * i)], &half, 2);
  }
  for (int64_t columns : {1, 9}) {
    ProductCase product(Encoding::kF16, kOut, kIn, 1, 0, columns, random);
    product.matrix.store(rows);
    const std::vector<double> expected = product.expected();
    check_everywhere(expected, 1e-11, "weights that are denormal halves", [&] {
      const DenormalsAreZero zero;
      return product.run();
    });
    const DenormalsAreZero zero;
    check(product.expected() == expected, "look-up of denormal halves");
  }
}

// Products that are denormal.
void check_products() {
  Random random(17);
  for (int64_t columns : {1, 9}) {
    ProductCase product(Encoding::kF32, kOut, kIn, 1, 0, columns, random);
    for (float& x : product.x) x *= 1e-38f;
    everywhere([&](const Setting& setting) {
      const std::vector<float> found = product.run();
      const DenormalsAreZero zero;
      check_same(product.run(), found, "denormal products, " + setting.text());
      const bool none =
          std::none_of(found.begin(), found.end(), [](float y) { return std::fpclassify(y) == FP_SUBNORMAL; });
      check(none, "no denormal output, " + setting.text());
    });
  }
}

// The caller computes afterwards as it did before.
void check_the_callers_own() {
  volatile float small = 1e-38f;
  {
    const DenormalsAreZero zero;
    check(small * 0.1f == 0, "denormals are zeros");
  }
  check(small * 0.1f > 0, "denormals are what they were");
}

}  // namespace

void test_denormals() {
  check_halves();
  check_products();
  check_the_callers_own();
}

}  // namespace smjax::tests
