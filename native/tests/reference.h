// Products and attention in plain double arithmetic: what the kernels are tested against.
#pragma once

#include "matrix.h"

namespace smjax::tests {

// One product with all that may be fused with it; vectors that are empty are left out. Norms and bias are of the layer
// that the matrix uses, all the other layers' are NaN.
struct ProductCase {
  ProductCase(Encoding encoding, int64_t n_out, int64_t n_in, int64_t n_layers, int32_t layer, int64_t n_columns,
              Random& random);

  ProductCase& with_norm(NormKind kind, Random& random);
  ProductCase& with_bias(Random& random);
  ProductCase& with_activation(Activation a);
  ProductCase& with_residual(Random& random);

  int64_t n_y() const { return is_gated(activation) ? matrix.n_out / 2 : matrix.n_out; }
  Matmul matmul() const;
  MatmulTensors tensors(std::vector<float>& y);
  std::vector<double> expected() const;
  std::vector<float> run();

  Matrix matrix;
  int64_t columns;
  std::vector<float> x, norm_weight, norm_bias, bias, residual;
  NormKind norm = NormKind::kNone;
  Activation activation = Activation::kNone;
  float eps = 1e-3f;

 private:
  std::vector<float> of_layer(int64_t n, Random& random) const;
};

// [T, n], whole multiples of a 127th of each block's largest: nothing is lost where they become 8 bits.
std::vector<float> whole_columns(int64_t n_columns, int64_t n_in, Random& random);

}  // namespace smjax::tests
