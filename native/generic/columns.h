// The inputs of a product: normalised, then quantised in blocks or laid out as floats.
#pragma once

#include <cstring>

#include "../kernel.h"
#include "math.h"

namespace smjax {
inline namespace SMJAX_TARGET {

// The largest stored weight, which tells an instruction set how many products fit into its narrow sums.
template <class E>
constexpr int largest() {
  return E::kTable ? 255 : (1 << E::kBits) - 1;
}

// By how much the stored weights are above what this instruction set multiplies.
template <class Isa, class E>
constexpr int excess() {
  return largest<E>() == 255 && Isa::kSignedBytes ? 0 : E::kAbove;
}

template <class Isa>
inline float mean_of(const float* x, int64_t n) {
  typename Isa::F sum = Isa::set(0);
  for_vectors<Isa>(x, n, [&](typename Isa::F v, int64_t, int) { sum = Isa::add(sum, v); });
  return Isa::sum(sum) / float(n);
}

// The mean square of what is left of x without its mean.
template <class Isa>
inline float variance(const float* x, int64_t n, float mean) {
  using F = typename Isa::F;
  F squares = Isa::set(0);
  for_vectors<Isa>(x, n, [&](F v, int64_t, int count) {
    F centred = Isa::sub(v, Isa::set(mean));
    if (count < Isa::kLanes) {
      float values[Isa::kLanes];
      Isa::store(values, centred);
      for (int i = count; i < Isa::kLanes; ++i) values[i] = 0;
      centred = Isa::load(values);
    }
    squares = Isa::fma(centred, centred, squares);
  });
  return Isa::sum(squares) / float(n);
}

template <class Isa>
inline void normalise(const float* x, int64_t n, const Norm& norm, float* out) {
  const float mean = norm.kind == NormKind::kLayer ? mean_of<Isa>(x, n) : 0;
  const float scale = 1 / __builtin_sqrtf(variance<Isa>(x, n, mean) + norm.eps);
  for (int64_t i = 0; i < n; ++i) out[i] = (x[i] - mean) * scale * norm.weight[i];
  if (norm.bias) {
    for (int64_t i = 0; i < n; ++i) out[i] += norm.bias[i];
  }
}

template <class Isa>
inline int sum_of_16(const int8_t* values) {
  typename Isa::template Dot<1> dot(0);
  const auto ones = Isa::set_bytes(1);
  dot.template add<0>(ones, values);
  dot.template add<1>(ones, values);
  dot.template add<2>(ones, values);
  dot.template add<3>(ones, values);
  return Isa::first(dot.sums());
}

// One block of 32 inputs of column c of a tile; see Columns.
template <class Isa, class E>
inline void quantise_block(const float* x, const Columns& to, int64_t block, int64_t c) {
  int8_t* const values = to.values + (block * to.tile + c) * kBlock;
  float& scale = to.scales[block * to.tile + c];
  int32_t* const corrections = to.corrections + block * 2 * to.tile + c;
  using F = typename Isa::F;
  F peaks = Isa::set(0), nothing = Isa::set(0);  // but NaN where an input is NaN or infinite, which a maximum may hide
  for (int i = 0; i < kBlock; i += Isa::kLanes) {
    peaks = Isa::max(peaks, Isa::abs(Isa::load(x + i)));
    nothing = Isa::fma(Isa::load(x + i), Isa::set(0), nothing);
  }
  const float peak = Isa::peak(peaks);
  // A block of zeros, or of less than 8 bits can tell from it, stays zero.
  const float inverse = peak > 1e-30f ? 127 / peak : 0;
  for (int i = 0; i < kBlock; i += Isa::kLanes)
    Isa::store_i8(values + i, Isa::mul(Isa::load(x + i), Isa::set(inverse)));
  scale = (peak > 1e-30f ? peak / 127 : 0) + Isa::sum(nothing);
  constexpr int kAbove = -excess<Isa, E>();
  const int low = sum_of_16<Isa>(values), high = sum_of_16<Isa>(values + 16);
  corrections[0] = kAbove * (E::kScales == 2 ? low : low + high);
  corrections[to.tile] = kAbove * high;
  if constexpr (E::kMinimum) to.totals[block * to.tile + c] = scale * float(low + high);
}

// Column c of a tile, from `x` or, without one, of zeros.
template <class Isa, class E>
inline void quantise_column(const float* x, int64_t n_in, const Columns& to, int64_t tile, int64_t c) {
  constexpr float kNothing[kBlock] = {};
  const int64_t blocks = n_in / kBlock;
  for (int64_t b = 0; b < blocks; ++b) {
    quantise_block<Isa, E>(x ? x + b * kBlock : kNothing, to, tile * blocks + b, c);
  }
}

inline void copy_column(const float* x, int64_t n_in, const Columns& to, int64_t tile, int64_t c) {
  for (int64_t i = 0; i < n_in; ++i) to.floats[(tile * n_in + i) * to.tile + c] = x ? x[i] : 0;
}

template <class Isa>
void prepare(const Product& p, const Columns& to, int64_t first, int64_t last) noexcept {
  with_encoding(p.encoding, [&](auto encoding) {
    using E = decltype(encoding);
    for (int64_t column = first; column < last; ++column) {
      const float* x = column < p.n_columns ? p.x + column * p.n_in : nullptr;
      if (x && p.norm.kind != NormKind::kNone) {
        normalise<Isa>(x, p.n_in, p.norm, to.normalised);
        leave(p.stamp, Step::kNorm);
        x = to.normalised;
      }
      if constexpr (E::kQuantised) {
        quantise_column<Isa, E>(x, p.n_in, to, column / to.tile, column % to.tile);
      } else {
        copy_column(x, p.n_in, to, column / to.tile, column % to.tile);
      }
      leave(p.stamp, Step::kQuantise);
    }
  });
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
