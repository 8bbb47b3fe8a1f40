// The operations that a compiled program calls: arguments are checked, then shared among the threads.
//
// Nothing here knows XLA: ffi.cc hands over its buffers as tensors, the driver of the tests its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "kernel.h"

namespace smjax {

enum class Type { kU8, kS32, kF16, kBf16, kF32, kOther };

// Sizes in place: 300 of these are made for a token, and a vector each would take 6 µs of the allocator.
class Shape {
 public:
  static constexpr size_t kMaxRank = 8;
  Shape() = default;
  Shape(std::initializer_list<int64_t> sizes) : Shape(sizes.begin(), sizes.end()) {}
  // More sizes than there is room for make a shape that is like no other.
  template <class Iterator>
  Shape(Iterator begin, Iterator end) {
    for (; begin != end; ++begin) {
      if (rank_ == kMaxRank)
        sizes_[0] = -1;
      else
        sizes_[rank_++] = int64_t(*begin);
    }
  }

  size_t size() const { return rank_; }
  bool empty() const { return rank_ == 0; }
  int64_t operator[](size_t i) const { return sizes_[i]; }
  const int64_t* begin() const { return sizes_; }
  const int64_t* end() const { return sizes_ + rank_; }
  bool operator==(const Shape& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }
  bool operator!=(const Shape& other) const { return !(*this == other); }

 private:
  size_t rank_ = 0;
  int64_t sizes_[kMaxRank] = {};
};

struct Tensor {
  void* data = nullptr;
  Type type = Type::kOther;
  Shape shape;

  // Elements; of more than memory can hold, `kTooMany`.
  static constexpr int64_t kTooMany = int64_t(1) << 56;
  int64_t size() const {
    int64_t n = 1;
    for (int64_t d : shape) {
      if (__builtin_mul_overflow(n, d, &n) || n > kTooMany) return kTooMany;
    }
    return n;
  }
};

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
//   weights u8[L, bytes], norm_weight and norm_bias f32[L, K], bias f32[L, N]
// and x f32[T, K], residual and y f32[T, Y] with Y = N, or N/2 for SwiGLU.
struct MatmulTensors {
  Tensor weights, layer, x, norm_weight, norm_bias, bias, residual, y;
};

// Uses `threads` threads from here on, pinned to `cpus` if there are as many, and the instruction set `isa`.
// Not while anything else here runs.
Complaint start(const char* isa, int threads, const std::vector<int>& cpus);

Complaint multiply(const Matmul& matmul, const MatmulTensors& tensors);

// y is s32[]: the first index of the largest output of one column.
Complaint choose(const Matmul& matmul, const MatmulTensors& tensors);

// Writes keys and values of T positions from `position`, s32[], on into layer `layer` of the cache,
// f16|bf16|f32[2, L, K, S/16, H, 16], and attends to what is there then.
//   qkv f32[T, (N + 2K) H]; rotation f32[T, 2, H/2] or empty; out f32[T, N H]
// `windows` are the slots that each layer sees (0: all).
struct Windows {
  const int32_t* slots;
  int64_t n_layers;
};
struct AttentionTensors {
  Tensor cache, layer, qkv, position, rotation, out;
};
Complaint attend(float scale, Windows windows, const AttentionTensors& tensors);

// out f32[T, K]: outputs ids, s32[T], of the first matrix of weights u8[L, bytes]; ids are clamped to those there are.
Complaint look_up(const Matmul& matmul, const Tensor& weights, const Tensor& ids, const Tensor& out);

// Bytes a second, the median of all passes, at which all threads read `n` ranges of memory, each thread its share, for
// `seconds` and at least three times.
double read_bandwidth(int n, const uint8_t* const* data, const int64_t* sizes, double seconds);

}  // namespace smjax
