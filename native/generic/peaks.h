// What a machine can do at most with an instruction set: arithmetic without memory, and memory without arithmetic.
//
// An instruction set has for it
//   kSums, vectors that wait for themselves alone: more than are on their way at once (two to four a cycle, 3 to 5
//   cycles long), few enough for the registers, and for GCC to unroll a loop over them (16)
//
//   kByteProducts, products of bytes (in plain C++ of 16 bits) that multiply_bytes computes
//
//   multiply_bytes(sums, w, x), one instruction: sums + the products of w and x; or the products alone where another
//   one has to add them, so that any product of matrices does more
#pragma once

#include <cstdint>

#include "../target.h"

namespace smjax {
inline namespace SMJAX_TARGET {

// Sums go to 2, and stay numbers.
template <class Isa>
float multiply_floats(int64_t rounds) noexcept {
  typename Isa::F sums[Isa::kSums];
  const typename Isa::F half = Isa::set(0.5f), one = Isa::set(1.0f);
  for (int s = 0; s < Isa::kSums; ++s) sums[s] = Isa::set(float(s));
  for (int64_t i = 0; i < rounds; ++i) {
    for (int s = 0; s < Isa::kSums; ++s) sums[s] = Isa::fma(sums[s], half, one);
  }
  for (int s = 1; s < Isa::kSums; ++s) sums[0] = Isa::add(sums[0], sums[s]);
  return Isa::sum(sums[0]);
}

template <class Isa>
float multiply_bytes(int64_t rounds) noexcept {
  typename Isa::I sums[Isa::kSums];
  const typename Isa::I weights = Isa::set_bytes(3), inputs = Isa::set_bytes(5);
  for (int s = 0; s < Isa::kSums; ++s) sums[s] = Isa::set_int(s);
  for (int64_t i = 0; i < rounds; ++i) {
    for (int s = 0; s < Isa::kSums; ++s) sums[s] = Isa::multiply_bytes(sums[s], weights, inputs);
  }
  for (int s = 1; s < Isa::kSums; ++s) sums[0] = Isa::bit_or(sums[0], sums[s]);
  return float(Isa::first(sums[0]));
}

// What is left over by whole steps of vectors, at the end of each.
template <class Isa>
void copy(float* to, const float* from, int64_t n) noexcept {
  constexpr int64_t kStep = 4 * Isa::kLanes;
  int64_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    for (int64_t s = 0; s < kStep; s += Isa::kLanes) Isa::store(to + i + s, Isa::load(from + i + s));
  }
  for (; i < n; ++i) to[i] = from[i];
}

template <class Isa>
void triad(float* a, const float* b, const float* c, int64_t n) noexcept {
  constexpr int64_t kStep = 4 * Isa::kLanes;
  const typename Isa::F three = Isa::set(3.0f);
  int64_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    for (int64_t s = 0; s < kStep; s += Isa::kLanes)
      Isa::store(a + i + s, Isa::fma(three, Isa::load(c + i + s), Isa::load(b + i + s)));
  }
  for (; i < n; ++i) a[i] = b[i] + 3.0f * c[i];
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
