// The operations that a compiled program calls: arguments are checked, then shared among the threads.
//
// Nothing here knows XLA: ffi.cc hands over its buffers as tensors, the driver of the tests its own. Of two that are
// called at once, the second waits. Each may throw bad_alloc, and has written nothing then.
#pragma once

#include <string>

#include "kernel.h"
#include "tensor.h"

namespace smjax {

// Empty where all is well; else what was expected and what was found.
using Complaint = std::string;

struct Matmul {
  int32_t encoding = 0;  // an Encoding
  int64_t n_out = 0, n_in = 0;
  int32_t norm = 0;  // a NormKind
  float eps = 0;
  int32_t activation = 0;  // an Activation
};

// Tensors that are left out have no elements. L layers are stacked: `layer`, s32[], picks one of
//   weights u8[L, bytes], norm_weight and norm_bias f32[L, I], bias f32[L, O]
// and x f32[T, I], residual and y f32[T, Y] with Y = O, or O/2 with a gate.
struct MatmulTensors {
  Tensor weights, layer, x, norm_weight, norm_bias, bias, residual, y;
};

Complaint multiply(const Matmul& matmul, const MatmulTensors& tensors);

// y is s32[]: the first index of the largest output of one column.
Complaint argmax(const Matmul& matmul, const MatmulTensors& tensors);

// Writes keys and values of T positions from `position`, s32[], on into layer `layer` of the cache,
// f16|bf16|f32[2, L, K, S/16, H, 16], and attends to what is there then.
//   qkv f32[T, (N + 2K) H]; rotation f32[T, 2, R/2] or empty; out f32[T, N H]
//   query_norm f32[L, H] or [L, N H], key_norm f32[L, H] or [L, K H], where heads are normalised
// `windows` are the slots that each layer sees (0: all).
struct Windows {
  const int32_t* slots;
  int64_t n_layers;
};
struct HeadStyle {
  float scale = 1;      // of the queries
  float score_cap = 0;  // see Attention
  float norm_eps = 0;
  int32_t norm = 0;    // a HeadNormKind
  int32_t halves = 0;  // whether pairs are halves
};
struct AttentionTensors {
  Tensor cache, layer, qkv, position, rotation, out;
  Tensor query_norm{nullptr, Type::kF32, Shape({0})}, key_norm{nullptr, Type::kF32, Shape({0})};
};
Complaint attend(const HeadStyle& style, Windows windows, const AttentionTensors& tensors);

// out f32[T, I]: outputs ids, s32[T], of the first matrix of weights u8[L, bytes]; ids are clamped to those there are.
Complaint look_up(const Matmul& matmul, const Tensor& weights, const Tensor& ids, const Tensor& out);

// Bytes a second, the median of all passes, at which all threads read `n` ranges of memory, each thread its share, for
// `seconds` and at least three times.
double read_bandwidth(int n, const uint8_t* const* data, const int64_t* sizes, double seconds);

}  // namespace smjax
