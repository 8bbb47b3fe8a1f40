// Values at the ends of what can occur: the integers of the products must come out exact, and nothing may overflow.
#include <algorithm>
#include <cmath>

#include "reference.h"

namespace smjax::tests {
namespace {

constexpr int64_t kOut = 48, kIn = 512;

enum class Fill { kLow, kHigh, kAlternating, kRandomEnds };

// The bytes of a stored block before its quants, of scales and minimums of 1, and behind them.
std::vector<uint8_t> ones_before(Encoding encoding) {
  const std::vector<uint8_t> one = {0x00, 0x3c}, both = {0x00, 0x3c, 0x00, 0x3c};
  if (encoding == Encoding::kQ6_K) return {};
  if (traits(encoding).stored_weights == kBlock) return traits(encoding).minimum ? both : one;
  std::vector<uint8_t> ones = both;
  for (int i = 0; i < 12; ++i) ones.push_back(i < 8 ? 1 : 0x11);
  return ones;
}
std::vector<uint8_t> ones_behind(Encoding encoding) {
  std::vector<uint8_t> ones;
  if (encoding == Encoding::kQ6_K) ones.assign(16, 1), ones.push_back(0x00), ones.push_back(0x3c);
  return ones;
}

// One row whose stored quants are all the smallest or the largest there are, with scales of 1.
std::vector<uint8_t> extreme_row(Encoding encoding, Fill fill, Random& random) {
  const auto high = [&](int i) {
    return fill == Fill::kHigh || (fill == Fill::kAlternating && i % 2) ||
           (fill == Fill::kRandomEnds && random.below(2));
  };
  const std::vector<uint8_t> before = ones_before(encoding), behind = ones_behind(encoding);
  std::vector<uint8_t> row;
  for (int64_t b = 0; b < kIn / traits(encoding).stored_weights; ++b) {
    row.insert(row.end(), before.begin(), before.end());
    for (size_t i = before.size() + behind.size(); i < size_t(traits(encoding).stored_bytes); ++i) {
      // Alternating inputs are alternating bytes; Q8_0's quants are signed.
      row.push_back(encoding == Encoding::kQ8_0 ? (high(int(i)) ? 127 : 128) : (high(int(i)) ? 0xff : 0x00));
    }
    row.insert(row.end(), behind.begin(), behind.end());
  }
  return row;
}

// Inputs of +-127 of a scale of 1, of the signs of row `like`'s weights, of the opposite ones, or at random.
std::vector<float> extreme_inputs(const std::vector<float>& like, int sign, Random& random) {
  std::vector<float> x;
  for (float w : like) x.push_back(float(127 * (sign ? sign : random.below(2) ? 1 : -1)) * (w > 0 ? 1.0f : -1.0f));
  return x;
}

// Sums of whole numbers below 2^24: floats hold them exactly.
void check_integers(Encoding encoding, Random& random) {
  std::vector<uint8_t> rows;
  for (int64_t n = 0; n < kOut; ++n) {
    const std::vector<uint8_t> row = extreme_row(encoding, Fill(n % 4), random);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  const std::vector<float> weights = stored_weights(encoding, kIn, rows);
  const int64_t columns = 11;
  for (int64_t count : {int64_t(1), columns}) {
    for (int64_t n = 0; n < 4; ++n) {
      ProductCase product(encoding, kOut, kIn, 1, 0, count, random);
      product.matrix.store(rows);
      product.x.clear();
      for (int64_t t = 0; t < count; ++t) {
        const std::vector<float> like(weights.begin() + n * kIn, weights.begin() + (n + 1) * kIn);
        const std::vector<float> x = extreme_inputs(like, int(t % 3) - 1, random);
        product.x.insert(product.x.end(), x.begin(), x.end());
      }
      const std::vector<double> expected = product.expected();
      const std::vector<float> whole(expected.begin(), expected.end());
      everywhere([&](const Setting& setting) {
        check_same(product.run(), whole, std::string("extreme quants of ") + name(encoding) + ", " + setting.text());
      });
    }
  }
}

// Inputs of any size give what they should, down to those that count as zero.
void check_sizes(Encoding encoding, Random& random) {
  for (int exponent : {30, 15, -15, -25}) {
    for (int64_t columns : {1, 9}) {
      const auto size = float(std::pow(10, exponent));
      ProductCase product(encoding, kOut, kIn, 1, 0, columns, random);
      product.x = whole_columns(columns, kIn, random);
      for (size_t i = 0; i < product.x.size(); ++i) product.x[i] *= i / kBlock % 3 ? size : 0;
      check_everywhere(product.expected(), 1e-10,
                       "inputs of 10^" + std::to_string(exponent) + " times " + name(encoding),
                       [&] { return product.run(); });
    }
  }
  for (float size : {1e-38f, 1e-42f, 0.0f}) {
    ProductCase product(encoding, kOut, kIn, 1, 0, 9, random);
    for (float& v : product.x) v *= size;
    everywhere([&](const Setting& setting) {
      bool small = true;
      for (float y : product.run()) small &= std::abs(y) <= size * 1e3f;
      check(small, std::string("inputs next to nothing times ") + name(encoding) + ", " + setting.text());
    });
  }
}

// Norms of zeros are zeros, and the activations of what is far from zero are what they tend to.
void check_functions(Random& random) {
  for (NormKind norm : {NormKind::kRms, NormKind::kLayer}) {
    ProductCase product(Encoding::kQ4_0, kOut, kIn, 1, 0, 2, random);
    product.with_norm(norm, random);
    std::fill(product.x.begin(), product.x.end(), 0.0f);
    if (norm == NormKind::kLayer) std::fill(product.norm_bias.begin(), product.norm_bias.end(), 2.0f);
    check_everywhere(product.expected(), 1e-10, "norm of zeros", [&] { return product.run(); });
  }
  for (float size : {30.0f, 300.0f, 1e5f, 1e10f}) {
    for (Activation activation : {Activation::kGelu, Activation::kSwiglu, Activation::kGeglu}) {
      ProductCase product(Encoding::kF32, 64, kIn, 1, 0, 1, random);
      for (float& v : product.x) v *= size;
      check_everywhere(product.with_activation(activation).expected(), 1e-10, "activation of large values",
                       [&] { return product.run(); });
    }
  }
}

}  // namespace

void test_extremes() {
  Random random(5);
  for (int e = 0; e < kEncodings; ++e) {
    if (traits(Encoding(e)).quantised) check_integers(Encoding(e), random);
    check_sizes(Encoding(e), random);
  }
  check_functions(random);
}

}  // namespace smjax::tests
