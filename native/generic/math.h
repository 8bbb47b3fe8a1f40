// Functions of whole vectors, from the primitives of an instruction set.
//
// Nothing in generic/ instantiates what the standard library defines inline: that would be compiled with the flags of
// an instruction set outside of its namespace.
#pragma once

#include <cstdint>

#include "../target.h"

namespace smjax {
inline namespace SMJAX_TARGET {

// e^x to 2 units in the last place, never above 2^127 and never below 2^-126.
//
// Reference: Cephes' expf (range reduction to ±ln(2)/2, a polynomial of degree 6).
template <class Isa>
inline typename Isa::F exp(typename Isa::F x) {
  using F = typename Isa::F;
  const auto c = [](float value) { return Isa::set(value); };
  x = Isa::min(Isa::max(x, c(-87.3f)), c(88.0f));
  const F n = Isa::round(Isa::mul(x, c(1.44269504f)));
  F r = Isa::fma(n, c(-0.693359375f), x);
  r = Isa::fma(n, c(2.12194440e-4f), r);
  F p = c(1.9875691500e-4f);
  p = Isa::fma(p, r, c(1.3981999507e-3f));
  p = Isa::fma(p, r, c(8.3334519073e-3f));
  p = Isa::fma(p, r, c(4.1665795894e-2f));
  p = Isa::fma(p, r, c(1.6666665459e-1f));
  p = Isa::fma(p, r, c(5.0000001201e-1f));
  p = Isa::fma(p, Isa::mul(r, r), Isa::add(r, c(1.0f)));
  return Isa::mul(p, Isa::power_of_two(Isa::to_int(n)));
}

// x / (1 + e^-x).
template <class Isa>
inline typename Isa::F silu(typename Isa::F x) {
  const auto one = Isa::set(1.0f);
  return Isa::div(x, Isa::add(one, exp<Isa>(Isa::sub(Isa::set(0.0f), x))));
}

// GELU in its tanh form: x (1 + tanh(u)) / 2 = x / (1 + e^-2u), u = sqrt(2/pi) (x + 0.044715 x^3).
template <class Isa>
inline typename Isa::F gelu(typename Isa::F x) {
  const auto square = Isa::mul(x, x);
  const auto inner = Isa::fma(Isa::mul(square, Isa::set(0.044715f)), x, x);
  const auto power = exp<Isa>(Isa::mul(inner, Isa::set(-2 * 0.7978845608f)));
  return Isa::div(x, Isa::add(Isa::set(1.0f), power));
}

// limit * tanh(x / limit) in place of each of x[0, n), in whole vectors: tanh(u) = 1 - 2 / (1 + e^2u).
template <class Isa>
inline void cap(float* x, int64_t n, float limit) {
  const auto one = Isa::set(1.0f), two = Isa::set(2.0f);
  for (int64_t i = 0; i < n; i += Isa::kLanes) {
    const auto power = exp<Isa>(Isa::mul(Isa::load(x + i), Isa::set(2 / limit)));
    const auto tanh = Isa::sub(one, Isa::div(two, Isa::add(one, power)));
    Isa::store(x + i, Isa::mul(tanh, Isa::set(limit)));
  }
}

// For every vector of x[0, n), then for what is left as vectors padded with zeros: f(vector, index of its first
// element, how many elements count).
template <class Isa, class Function>
inline void for_vectors(const float* x, int64_t n, const Function& f) {
  int64_t i = 0;
  for (; i + Isa::kLanes <= n; i += Isa::kLanes) f(Isa::load(x + i), i, Isa::kLanes);
  if (i < n) {
    float rest[Isa::kLanes] = {};
    for (int64_t j = i; j < n; ++j) rest[j - i] = x[j];
    f(Isa::load(rest), i, int(n - i));
  }
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
