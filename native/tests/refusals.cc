// What is refused: every wrong argument gets a complaint, and nothing is written.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "reference.h"

namespace smjax::tests {
namespace {

constexpr int64_t kOut = 64, kIn = 256, kColumns = 3, kLayers = 2;
constexpr int64_t kHuge = int64_t(1) << 31;
constexpr float kUntouched = 12345;

bool untouched(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return v == kUntouched; });
}

// A product that would be fine, for one thing in it to be made wrong.
struct Fine {
  Random random{7};
  ProductCase product{Encoding::kQ4_0, kOut, kIn, kLayers, 1, kColumns, random};
  std::vector<float> y = std::vector<float>(size_t(kColumns * kOut), kUntouched);
  int32_t layer = 1;
  Matmul matmul;
  MatmulTensors tensors;

  Fine() {
    product.with_norm(NormKind::kLayer, random).with_bias(random).with_residual(random);
    matmul = product.matmul();
    tensors = product.tensors(y);
    tensors.layer = tensor(layer);
  }
};

void check_refused(const std::string& what, const std::function<void(Fine&)>& spoil) {
  Fine fine;
  spoil(fine);
  check(!multiply(fine.matmul, fine.tensors).empty(), "product refused: " + what);
  check(untouched(fine.y), "product untouched: " + what);
}

void check_product_tensors() {
  const auto each = [](const std::string& name, Tensor MatmulTensors::* tensor) {
    for (const Wrong& wrong : wrongs(Fine().tensors.*tensor)) {
      check_refused(name + ", " + wrong.what, [&](Fine& f) { wrong.spoil(f.tensors.*tensor); });
    }
  };
  each("weights", &MatmulTensors::weights);
  each("layer", &MatmulTensors::layer);
  each("x", &MatmulTensors::x);
  each("norm_weight", &MatmulTensors::norm_weight);
  each("norm_bias", &MatmulTensors::norm_bias);
  each("bias", &MatmulTensors::bias);
  each("residual", &MatmulTensors::residual);
  each("y", &MatmulTensors::y);
  for (int64_t by : {4, 16, 32}) {
    check_refused("misaligned weights",
                  [&](Fine& f) { f.tensors.weights.data = static_cast<uint8_t*>(f.tensors.weights.data) + by; });
  }
  check_refused("no norm_weight", [](Fine& f) { f.tensors.norm_weight = no_tensor(); });
  check_refused("no norm_bias", [](Fine& f) { f.tensors.norm_bias = no_tensor(); });
  for (Tensor MatmulTensors::* tensor : {&MatmulTensors::weights, &MatmulTensors::x}) {
    check_refused("no shape", [&](Fine& f) { (f.tensors.*tensor).shape = {}; });
    check_refused("no rows", [&](Fine& f) { resize(f.tensors.*tensor, 0, 0); });
    check_refused("less than no rows", [&](Fine& f) { resize(f.tensors.*tensor, 0, -1); });
  }
}

void check_product_numbers() {
  for (int32_t wrong : {-1, kEncodings, std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min()}) {
    check_refused("encoding", [&](Fine& f) { f.matmul.encoding = wrong; });
    check_refused("norm", [&](Fine& f) { f.matmul.norm = wrong; });
    check_refused("activation", [&](Fine& f) { f.matmul.activation = wrong; });
    check_refused("layer", [&](Fine& f) { f.layer = wrong; });
  }
  check_refused("the layer after the last", [](Fine& f) { f.layer = kLayers; });
  check_refused("another encoding than the bytes", [](Fine& f) { f.matmul.encoding = int32_t(Encoding::kQ8_0); });
  for (int64_t wrong : {int64_t(0), int64_t(-1), int64_t(-32), kHuge, kHuge * 2, std::numeric_limits<int64_t>::max(),
                        std::numeric_limits<int64_t>::min()}) {
    check_refused("n_out", [&](Fine& f) { f.matmul.n_out = wrong; });
    check_refused("n_in", [&](Fine& f) { f.matmul.n_in = wrong; });
  }
  check_refused("half a block", [](Fine& f) { f.matmul.n_in = kIn - 16; });
  check_refused("SwiGLU with a bias", [](Fine& f) {
    f.matmul.activation = int32_t(Activation::kSwiglu);
    resize(f.tensors.y, 1, kOut / 2);
    resize(f.tensors.residual, 1, kOut / 2);
  });
}

void check_swiglu_shapes() {
  for (int64_t n_out : {48, 40, 16}) {
    Random random(8);
    ProductCase product(Encoding::kQ4_0, n_out, kIn, 1, 0, 1, random);
    product.with_activation(Activation::kSwiglu);
    std::vector<float> y(size_t(product.n_y()), kUntouched);
    check(!multiply(product.matmul(), product.tensors(y)).empty(),
          "SwiGLU of " + std::to_string(n_out) + " outputs refused");
    check(untouched(y), "SwiGLU untouched");
  }
}

void check_argmax() {
  const auto refused = [](const std::string& what,
                          const std::function<void(ProductCase&, Matmul&, MatmulTensors&)>& spoil,
                          int64_t columns = 1) {
    Random random(10);
    ProductCase product(Encoding::kQ4_0, kOut, kIn, 1, 0, columns, random);
    std::vector<float> none;
    int32_t y = 77;
    Matmul matmul = product.matmul();
    MatmulTensors tensors = product.tensors(none);
    tensors.y = tensor(y);
    spoil(product, matmul, tensors);
    check(!argmax(matmul, tensors).empty(), "argmax refused: " + what);
    check(y == 77, "argmax untouched: " + what);
  };
  std::vector<float> bias(size_t(kOut), 1.0f);
  int32_t spare = 0;
  refused("two columns", [](ProductCase&, Matmul&, MatmulTensors&) {}, 2);
  refused("a bias", [&](ProductCase&, Matmul&, MatmulTensors& t) { t.bias = tensor(bias, {1, kOut}); });
  refused("an activation", [](ProductCase&, Matmul& m, MatmulTensors&) { m.activation = 1; });
  for (const Wrong& wrong : wrongs(tensor(spare)))
    refused("y, " + wrong.what, [&](ProductCase&, Matmul&, MatmulTensors& t) { wrong.spoil(t.y); });
  refused("layer", [](ProductCase& p, Matmul&, MatmulTensors&) { p.matrix.layer = 1; });
}

void check_look_up() {
  Random random(11);
  Matrix matrix(Encoding::kQ8_0, kOut, kIn, random_rows(Encoding::kQ8_0, kIn, kOut, random));
  std::vector<int32_t> ids = {1, 2, 3};
  std::vector<float> out(size_t(3 * kIn), kUntouched);
  const Tensor fine[] = {matrix.tensor(), tensor(ids, {3}), tensor(out, {3, kIn})};
  const auto refused = [&](const std::string& what, Encoding encoding, const Tensor(&t)[3]) {
    check(!look_up({int32_t(encoding), kOut, kIn}, t[0], t[1], t[2]).empty(), "look up refused: " + what);
    check(untouched(out), "look up untouched: " + what);
  };
  refused("another encoding", Encoding::kQ4_0, fine);
  for (int i = 0; i < 3; ++i) {
    for (const Wrong& wrong : wrongs(fine[i])) {
      if (i == 0 && wrong.what == "dimension 0 larger") continue;  // more layers than are looked at
      Tensor spoilt[] = {fine[0], fine[1], fine[2]};
      wrong.spoil(spoilt[i]);
      refused("tensor " + std::to_string(i) + ", " + wrong.what, Encoding::kQ8_0, spoilt);
    }
  }
}

}  // namespace

void test_refusals() {
  check(!start("mmx", 1, {}).empty() && !start("", 1, {}).empty(), "an unknown instruction set refused");
  for (int threads : {0, -1, 1025, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
    check(!start("auto", threads, {}).empty(), std::to_string(threads) + " threads refused");
  }
  check(start("auto", 2, {}).empty(), "start");
  Fine fine;
  check(multiply(fine.matmul, fine.tensors).empty() && !untouched(fine.y), "what is not made wrong is done");
  check_product_tensors();
  check_product_numbers();
  check_swiglu_shapes();
  check_argmax();
  check_look_up();
}

}  // namespace smjax::tests
