// The best output.
#include <algorithm>

#include "reference.h"

namespace smjax::tests {
namespace {

constexpr int64_t kOut = 373, kIn = 256;

int32_t argmax_of(ProductCase& product) {
  int32_t y = -1;
  std::vector<float> none;
  MatmulTensors tensors = product.tensors(none);
  tensors.y = tensor(y);
  const Complaint complaint = argmax(product.matmul(), tensors);
  check(complaint.empty(), "argmax: " + complaint);
  return y;
}

void check_argmax(ProductCase& product, int64_t expected, const std::string& what) {
  const std::vector<double> scores = product.expected();
  const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
  check(best == expected, what + ": the reference finds " + std::to_string(best));
  everywhere([&](const Setting& setting) {
    const int32_t found = argmax_of(product);
    check(found == expected, what + " of " + name(product.matrix.encoding) + ", " + setting.text() + ": expected " +
                                 std::to_string(expected) + ", found " + std::to_string(found));
  });
}

// Without the mean of each block, which rows of a file may share.
void centre(std::vector<float>& x) {
  for (auto block = x.begin(); block != x.end(); block += kBlock) {
    float mean = 0;
    std::for_each(block, block + kBlock, [&](float v) { mean += v / kBlock; });
    std::for_each(block, block + kBlock, [&](float& v) { v -= mean; });
  }
}

// The input is the first of the rows `best`, which all are the same: no other row is as much like it.
void check_ties(Encoding encoding, int64_t n_in, const std::vector<int64_t>& best, Random& random) {
  ProductCase product(encoding, kOut, n_in, 2, 1, 1, random);
  std::vector<uint8_t> rows = random_rows(encoding, n_in, kOut, random);
  const int64_t bytes = stored_row_bytes(encoding, n_in);
  const std::vector<float> weights = stored_weights(encoding, n_in, rows);
  std::copy_n(weights.begin() + best[0] * n_in, n_in, product.x.begin());
  centre(product.x);
  for (int64_t n : best) std::copy_n(rows.begin() + best[0] * bytes, bytes, rows.begin() + n * bytes);
  product.matrix.store(rows);
  check_argmax(product, best[0], "the first best");
  product.with_norm(NormKind::kRms, random);
  for (float& weight : product.norm_weight) weight = 1.5f;
  check_argmax(product, best[0], "the first best after a norm");
}

// All outputs are negative: what pads the last panel must not win.
void check_negative(Encoding encoding, Random& random) {
  const std::vector<uint8_t> row = random_rows(encoding, kIn, 1, random);
  std::vector<uint8_t> rows;
  for (int i = 0; i < 37; ++i) rows.insert(rows.end(), row.begin(), row.end());
  ProductCase product(encoding, 37, kIn, 1, 0, 1, random);
  std::fill_n(product.matrix.bytes.data(), matrix_bytes(encoding, 37, kIn), uint8_t(0));
  product.matrix.store(rows);
  const std::vector<float> weights = stored_weights(encoding, kIn, row);
  for (size_t i = 0; i < weights.size(); ++i) product.x[i] = -weights[i];
  check_argmax(product, 0, "the best of negative outputs");
  std::fill(product.x.begin(), product.x.end(), 0.0f);
  check_argmax(product, 0, "the best of zeros");
}

}  // namespace

void test_argmax() {
  Random random(4);
  for (int e = 0; e < kEncodings; ++e) {
    for (const std::vector<int64_t>& best :
         std::vector<std::vector<int64_t>>{{0}, {372}, {17, 18}, {100, 200, 372}, {186, 187, 300}}) {
      check_ties(Encoding(e), kIn, best, random);
    }
    check_ties(Encoding(e), many_inputs(Encoding(e)), {99, 250}, random);
    check_negative(Encoding(e), random);
  }
}

}  // namespace smjax::tests
