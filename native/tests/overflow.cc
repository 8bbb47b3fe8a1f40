// Sizes whose products do not fit into 63 bits: no memory has them, so that they are refused whatever else is right.
#include "check.h"

namespace smjax::tests {
namespace {

constexpr int64_t kHuge = (int64_t(1) << 31) - 32, kHuger = int64_t(1) << 62;

void check_matrices(float* memory) {
  int32_t layer = 0;
  for (int e = 0; e < kEncodings; ++e) {
    for (int64_t layers : {int64_t(1), int64_t(1) << 40, kHuger}) {
      for (int64_t bytes : {int64_t(0), int64_t(64), kHuger}) {
        const Matmul matmul = {e, kHuge, kHuge, 0, 0, 0};
        const Tensor weights = {memory, Type::kU8, {layers, bytes}}, x = {memory, Type::kF32, {1, kHuge}},
                     y = {memory, Type::kF32, {1, kHuge}};
        const MatmulTensors tensors = {weights,     tensor(layer), x,           no_tensor(),
                                       no_tensor(), no_tensor(),   no_tensor(), y};
        check(!multiply(matmul, tensors).empty(), "a matrix of 2^62 weights refused");
        check(!look_up(matmul, weights, tensor(layer), y).empty(), "a row of a matrix of 2^62 weights refused");
      }
    }
  }
}

void check_columns(float* memory) {
  int32_t layer = 0;
  const Matmul matmul = {int32_t(Encoding::kF32), 1, 1, 0, 0, 0};
  const Tensor weights = {memory, Type::kU8, {1, 64}}, many = {memory, Type::kF32, {kHuger, 1}},
               more = {memory, Type::kF32, {kHuger, kHuger}};
  MatmulTensors tensors = {weights, tensor(layer), many, no_tensor(), no_tensor(), no_tensor(), no_tensor(), many};
  tensors.residual = more;
  check(!multiply(matmul, tensors).empty(), "a residual of 2^124 values refused");
  tensors.residual = no_tensor();
  tensors.bias = more;
  check(!multiply(matmul, tensors).empty(), "a bias of 2^124 values refused");
}

void check_caches(float* memory) {
  int32_t index = 0;
  const int32_t windows[] = {0};
  for (size_t dimension = 1; dimension < 5; ++dimension) {
    Tensor cache = {memory, Type::kF32, {2, 1, 1, 1, 4, kPage}};
    for (int64_t size : {int64_t(1) << 56, int64_t(1) << 60, kHuger}) {
      resize(cache, dimension, size);
      const AttentionTensors tensors = {cache,         tensor(index), {memory, Type::kF32, {1, 12}},
                                        tensor(index), no_tensor(),   {memory, Type::kF32, {1, 4}}};
      check(!attend({}, {windows, cache.shape[1]}, tensors).empty(), "a cache of 2^63 bytes refused");
    }
  }
}

}  // namespace

void test_overflow() {
  std::vector<float> memory(64, 7);
  Bytes aligned(256, 0);
  check_matrices(reinterpret_cast<float*>(aligned.data()));
  check_columns(reinterpret_cast<float*>(aligned.data()));
  check_caches(reinterpret_cast<float*>(aligned.data()));
}

}  // namespace smjax::tests
