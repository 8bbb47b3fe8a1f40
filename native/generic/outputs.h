// The outputs of a product: bias, activation and residual, or only which is the best.
#pragma once

#include "../kernel.h"
#include "math.h"

namespace smjax {
inline namespace SMJAX_TARGET {

// 16 outputs of one column from `n` on, of which `count` exist: in place of what is stored at y.
template <class Isa>
inline void finish(const Product& p, float* values, int64_t n, int count, int64_t column, int64_t n_y) {
  if (p.bias) {
    for (int i = 0; i < count; ++i) values[i] += p.bias[n + i];
  }
  if (p.activation == Activation::kGelu) {
    for (int i = 0; i < kPanel; i += Isa::kLanes) Isa::store(values + i, gelu<Isa>(Isa::load(values + i)));
  }
  float* y = p.y + column * n_y + n;
  if (p.residual) {
    const float* residual = p.residual + column * n_y + n;
    for (int i = 0; i < count; ++i) values[i] += residual[i];
  }
  if (count == kPanel) {
    for (int i = 0; i < kPanel; i += Isa::kLanes) Isa::store(y + i, Isa::load(values + i));
  } else {
    for (int i = 0; i < count; ++i) y[i] = values[i];
  }
}

// Of nearly all panels the largest is not above the best: one comparison instead of 16. A NaN is compared by itself.
template <class Isa>
inline void take_best(const float* values, int64_t n, int count, Best& best) {
  if (count == kPanel) {
    auto peaks = Isa::load(values);
    for (int i = Isa::kLanes; i < kPanel; i += Isa::kLanes) peaks = Isa::max(peaks, Isa::load(values + i));
    if (Isa::peak_signed(peaks) <= best.score) return;
  }
  for (int i = 0; i < count; ++i) {
    if (values[i] > best.score) best = {values[i], int32_t(n + i)};
  }
}

// The outputs of a panel of one tile of columns, from its products; `up` are those of the second half with a gate.
template <class Isa>
inline void finish_panel(const Product& p, int64_t panel, int64_t tile, int columns, float (*out)[kPanel],
                         const float (*up)[kPanel], Best* best) {
  const bool gated = is_gated(p.activation);
  const int64_t n_y = gated ? p.n_out / 2 : p.n_out, n = panel * kPanel;
  const int count = int(n_y - n < kPanel ? n_y - n : kPanel);
  for (int c = 0; c < columns && tile * columns + c < p.n_columns; ++c) {
    for (int lane = 0; gated && lane < kPanel; lane += Isa::kLanes) {
      const auto gate = Isa::load(out[c] + lane);
      const auto open = p.activation == Activation::kGeglu ? gelu<Isa>(gate) : silu<Isa>(gate);
      Isa::store(out[c] + lane, Isa::mul(open, Isa::load(up[c] + lane)));
    }
    if (best) {
      take_best<Isa>(out[c], n, count, *best);
    } else {
      finish<Isa>(p, out[c], n, count, tile * columns + c, n_y);
    }
  }
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
