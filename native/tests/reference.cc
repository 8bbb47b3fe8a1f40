#include "reference.h"

#include <cmath>
#include <limits>

namespace smjax::tests {
namespace {

std::vector<double> normalised(const ProductCase& c, int64_t column) {
  const auto n = size_t(c.matrix.n_in);
  std::vector<double> x(c.x.begin() + column * c.matrix.n_in, c.x.begin() + (column + 1) * c.matrix.n_in);
  if (c.norm == NormKind::kNone) return x;
  const size_t skip = size_t(c.matrix.layer) * n;
  double mean = 0, squares = 0;
  if (c.norm == NormKind::kLayer) {
    for (double v : x) mean += v / double(n);
  }
  for (double v : x) squares += (v - mean) * (v - mean) / double(n);
  for (size_t i = 0; i < n; ++i) {
    x[i] = (x[i] - mean) / std::sqrt(squares + double(c.eps)) * double(c.norm_weight[skip + i]);
    if (c.norm == NormKind::kLayer) x[i] += double(c.norm_bias[skip + i]);
  }
  return x;
}

double gelu(double x) { return x / 2 * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); }

double silu(double x) { return x / (1 + std::exp(-x)); }

}  // namespace

ProductCase::ProductCase(Encoding encoding, int64_t n_out, int64_t n_in, int64_t n_layers, int32_t layer,
                         int64_t n_columns, Random& random)
    : matrix(encoding, n_out, n_in, random_rows(encoding, n_in, n_out, random), n_layers, layer),
      columns(n_columns),
      x(random.normals(n_columns * n_in)) {}

std::vector<float> ProductCase::of_layer(int64_t n, Random& random) const {
  std::vector<float> all(size_t(matrix.layers * n), std::numeric_limits<float>::quiet_NaN());
  for (int64_t i = 0; i < n; ++i) all[size_t(matrix.layer * n + i)] = 1 + 0.3f * random.normal();
  return all;
}

ProductCase& ProductCase::with_norm(NormKind kind, Random& random) {
  norm = kind;
  norm_weight = of_layer(matrix.n_in, random);
  if (kind == NormKind::kLayer) norm_bias = of_layer(matrix.n_in, random);
  return *this;
}

ProductCase& ProductCase::with_bias(Random& random) {
  bias = of_layer(matrix.n_out, random);
  return *this;
}

ProductCase& ProductCase::with_activation(Activation a) {
  activation = a;
  return *this;
}

ProductCase& ProductCase::with_residual(Random& random) {
  residual = random.normals(columns * n_y());
  return *this;
}

Matmul ProductCase::matmul() const {
  return {int32_t(matrix.encoding), matrix.n_out, matrix.n_in, int32_t(norm), eps, int32_t(activation)};
}

MatmulTensors ProductCase::tensors(std::vector<float>& y) {
  const auto optional = [](std::vector<float>& values, int64_t rows, int64_t n) {
    return values.empty() ? no_tensor() : tensor(values, {rows, n});
  };
  const int64_t n_layers = matrix.layers;
  return {matrix.tensor(),
          tensor(matrix.layer),
          tensor(x, {columns, matrix.n_in}),
          optional(norm_weight, n_layers, matrix.n_in),
          optional(norm_bias, n_layers, matrix.n_in),
          optional(bias, n_layers, matrix.n_out),
          optional(residual, columns, n_y()),
          tensor(y, {columns, n_y()})};
}

std::vector<float> ProductCase::run() {
  std::vector<float> y(size_t(columns * n_y()), std::numeric_limits<float>::quiet_NaN());
  const Complaint complaint = multiply(matmul(), tensors(y));
  check(complaint.empty(), "multiply: " + complaint);
  return y;
}

std::vector<double> ProductCase::expected() const {
  const std::vector<float> weights = matrix.weights();
  std::vector<double> y;
  for (int64_t t = 0; t < columns; ++t) {
    const std::vector<double> inputs = normalised(*this, t);
    std::vector<double> sums(size_t(matrix.n_out));
    for (size_t n = 0; n < sums.size(); ++n) {
      for (size_t i = 0; i < inputs.size(); ++i) sums[n] += inputs[i] * double(weights[n * inputs.size() + i]);
      if (!bias.empty()) sums[n] += double(bias[size_t(matrix.layer) * sums.size() + n]);
    }
    for (size_t n = 0; n < size_t(n_y()); ++n) {
      double value = sums[n];
      if (activation == Activation::kGelu) value = gelu(value);
      if (activation == Activation::kSwiglu) value = silu(value) * sums[size_t(n_y()) + n];
      if (activation == Activation::kGeglu) value = gelu(value) * sums[size_t(n_y()) + n];
      y.push_back(residual.empty() ? value : value + double(residual[y.size()]));
    }
  }
  return y;
}

std::vector<float> whole_columns(int64_t n_columns, int64_t n_in, Random& random) {
  std::vector<float> x(size_t(n_columns * n_in));
  for (size_t i = 0; i < x.size(); ++i) x[i] = float(random.below(255) - 127) / 64;
  for (size_t i = 0; i < x.size(); i += kBlock)
    x[i + size_t(random.below(kBlock)) % (x.size() - i)] = random.below(2) ? 127.0f / 64 : -127.0f / 64;
  return x;
}

}  // namespace smjax::tests
