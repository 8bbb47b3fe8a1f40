// Products of all encodings, with all that is fused with them.
#include "reference.h"

namespace smjax::tests {
namespace {

// Sizes such that the outputs do not fill their panels, the columns not their tiles, and the threads share the work.
constexpr int64_t kOut = 373, kGated = 352;

// What 8 bits an input cost, as measured: 3e-5 in the mean, up to 8e-5 where outputs are few.
constexpr double kRounded = 2e-4, kExact = 1e-11;

void check_product(ProductCase& product, double tolerance, const std::string& what) {
  check_everywhere(product.expected(), tolerance,
                   what + " of " + name(product.matrix.encoding) + ", columns " + std::to_string(product.columns),
                   [&] { return product.run(); });
}

// Without a norm before it, inputs may be such that nothing is rounded and the product must be exact.
void check_exact(Encoding encoding, int64_t columns, Random& random) {
  // An odd number of blocks, or of inputs, where that can be.
  const int64_t n_in = !traits(encoding).quantised ? 85 : traits(encoding).stored_weights == 256 ? 256 : 288;
  ProductCase plain(encoding, kOut, n_in, 1, 0, columns, random);
  plain.x = whole_columns(columns, n_in, random);
  check_product(plain, kExact, "product");
  ProductCase gelu(encoding, 37, 256, 3, 2, columns, random);
  gelu.x = whole_columns(columns, 256, random);
  check_product(gelu.with_bias(random).with_activation(Activation::kGelu), kExact, "product with bias and GELU");
  for (Activation gate : {Activation::kSwiglu, Activation::kGeglu}) {
    ProductCase gated(encoding, kGated, 256, 2, 0, columns, random);
    gated.x = whole_columns(columns, 256, random);
    check_product(gated.with_activation(gate).with_residual(random), kExact, "product with a gate and residual");
  }
}

void check_normed(Encoding encoding, int64_t columns, Random& random) {
  const double tolerance = traits(encoding).quantised ? kRounded : kExact;
  ProductCase rms(encoding, kOut, 512, 3, 1, columns, random);
  check_product(rms.with_norm(NormKind::kRms, random).with_bias(random).with_residual(random), tolerance,
                "product with RMS norm, bias and residual");
  ProductCase layer(encoding, 37, traits(encoding).quantised ? 256 : 85, 2, 1, columns, random);
  for (float& v : layer.x) v += 3;
  check_product(layer.with_norm(NormKind::kLayer, random).with_activation(Activation::kGelu), tolerance,
                "product with layer norm and GELU");
  ProductCase gated(encoding, kGated, 256, 2, 1, columns, random);
  check_product(gated.with_norm(NormKind::kRms, random).with_activation(Activation::kSwiglu).with_residual(random),
                tolerance, "product with RMS norm, SwiGLU and residual");
}

// Inputs that are cut into sections, with all that must be done once and not for each of them.
void check_many_inputs(Encoding encoding, int64_t columns, Random& random) {
  const int64_t n_in = many_inputs(encoding);
  ProductCase product(encoding, 37, n_in, 2, 1, columns, random);
  product.x = whole_columns(columns, n_in, random);
  check_product(product.with_bias(random).with_activation(Activation::kGelu).with_residual(random), kExact,
                "product of many inputs");
  ProductCase gated(encoding, 64, n_in, 1, 0, columns, random);
  gated.x = whole_columns(columns, n_in, random);
  check_product(gated.with_activation(Activation::kSwiglu), kExact, "product of many inputs with SwiGLU");
}

// A norm of more inputs than the stack of some threads holds.
void check_wide_norm(int64_t columns, Random& random) {
  ProductCase product(Encoding::kF32, 3, 40'000, 1, 0, columns, random);
  check_product(product.with_norm(NormKind::kLayer, random), 1e-10, "product of 40,000 normalised inputs");
}

}  // namespace

void test_products() {
  Random random(3);
  for (int e = 0; e < kEncodings; ++e) {
    for (int64_t columns : {1, 2, 7, 8, 9, 40}) {
      check_exact(Encoding(e), columns, random);
      check_normed(Encoding(e), columns, random);
      check_many_inputs(Encoding(e), columns, random);
    }
  }
  for (int64_t columns : {1, 2}) check_wide_norm(columns, random);
}

}  // namespace smjax::tests
