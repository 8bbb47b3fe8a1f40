// The packed product and what is fused with it: norm and quantisation of its inputs, bias, activation and residual of its
// outputs, the choice of the best one.
#pragma once

#include <cmath>
#include <cstring>

#include "../kernel.h"
#include "../layout.h"
#include "math.h"

namespace smjax {

// By how much the stored weights are above their value, for this instruction set.
template <class Isa>
constexpr int excess(Encoding encoding) {
  switch (encoding) {
    case Encoding::kQ4: return 8;
    case Encoding::kQ6: return 32;
    case Encoding::kQ8: return Isa::kSignedBytes ? 0 : 128;
    default: return 0;
  }
}

// The largest stored weight: what tells an instruction set how many products fit into its narrow sums.
constexpr int largest(Encoding encoding) {
  return encoding == Encoding::kQ4 ? 15 : encoding == Encoding::kQ6 ? 63 : 255;
}

template <class Isa>
void normalise(const float* x, int64_t n, const Norm& norm, float* out) {
  using F = typename Isa::F;
  float mean = 0;
  if (norm.kind == NormKind::kLayer) {
    F sum = Isa::set(0);
    for_vectors<Isa>(x, n, [&](F v, int64_t, int) { sum = Isa::add(sum, v); });
    mean = Isa::sum(sum) / float(n);
  }
  F squares = Isa::set(0);
  for_vectors<Isa>(x, n, [&](F v, int64_t, int count) {
    F centred = Isa::sub(v, Isa::set(mean));
    if (count == Isa::kLanes) {
      squares = Isa::fma(centred, centred, squares);
    } else {
      float values[Isa::kLanes];
      Isa::store(values, centred);
      for (int i = count; i < Isa::kLanes; ++i) values[i] = 0;
      centred = Isa::load(values);
      squares = Isa::fma(centred, centred, squares);
    }
  });
  const float scale = 1 / std::sqrt(Isa::sum(squares) / float(n) + norm.eps);
  for (int64_t i = 0; i < n; ++i) out[i] = (x[i] - mean) * scale * norm.weight[i];
  if (norm.bias) {
    for (int64_t i = 0; i < n; ++i) out[i] += norm.bias[i];
  }
}

// One block of 32 inputs of one column; see Columns.
template <class Isa>
inline void quantise_block(const float* x, Encoding encoding, int8_t* values, float* scale, int32_t* corrections,
                           int tile) {
  using F = typename Isa::F;
  F peaks = Isa::set(0);
  for (int i = 0; i < kBlock; i += Isa::kLanes) peaks = Isa::max(peaks, Isa::abs(Isa::load(x + i)));
  const float peak = Isa::peak(peaks);
  // A block of zeros, or of less than 8 bits can tell from it, stays zero.
  const float inverse = peak > 1e-30f ? 127 / peak : 0;
  for (int i = 0; i < kBlock; i += Isa::kLanes) Isa::store_i8(values + i, Isa::mul(Isa::load(x + i), Isa::set(inverse)));
  *scale = peak > 1e-30f ? peak / 127 : 0;
  typename Isa::I ones[4];
  for (auto& one : ones) one = Isa::set_bytes(1);
  const int above = -excess<Isa>(encoding);
  const int low = above * Isa::first(Isa::template dot4<1>(Isa::set_int(0), ones, values));
  const int high = above * Isa::first(Isa::template dot4<1>(Isa::set_int(0), ones, values + 16));
  corrections[0] = encoding == Encoding::kQ6 ? low : low + high;
  corrections[tile] = high;
}

template <class Isa>
void prepare(const Product& p, const Columns& to, int64_t first, int64_t last) {
  const int64_t k = p.n_in, blocks = k / kBlock;
  float normed[kMaxNormalised];
  for (int64_t column = first; column < last; ++column) {
    const int64_t tile = column / to.tile, c = column % to.tile;
    if (column >= p.n_columns) {
      if (is_quantised(p.encoding)) {
        for (int64_t b = 0; b < blocks; ++b) {
          const int64_t block = tile * blocks + b;
          std::memset(to.values + (block * to.tile + c) * kBlock, 0, kBlock);
          to.scales[block * to.tile + c] = 0;
          to.corrections[block * 2 * to.tile + c] = to.corrections[(block * 2 + 1) * to.tile + c] = 0;
        }
      } else {
        for (int64_t i = 0; i < k; ++i) to.floats[(tile * k + i) * to.tile + c] = 0;
      }
      continue;
    }
    const float* x = p.x + column * k;
    if (p.norm.kind != NormKind::kNone) {
      normalise<Isa>(x, k, p.norm, normed);
      x = normed;
    }
    if (is_quantised(p.encoding)) {
      for (int64_t b = 0; b < blocks; ++b) {
        const int64_t block = tile * blocks + b;
        quantise_block<Isa>(x + b * kBlock, p.encoding, to.values + (block * to.tile + c) * kBlock,
                            to.scales + block * to.tile + c, to.corrections + block * 2 * to.tile + c, to.tile);
      }
    } else {
      for (int64_t i = 0; i < k; ++i) to.floats[(tile * k + i) * to.tile + c] = x[i];
    }
  }
}

// The 8 vectors of one block: inputs 4j…4j+3 and then 16+4j…16+4j+3 of this vector's outputs.
template <class Isa, Encoding kEncoding>
inline void unpack(const uint8_t* block, typename Isa::I (&w)[8]) {
  const auto low = Isa::set_bytes(0x0f);
  if constexpr (kEncoding == Encoding::kQ8) {
    for (int j = 0; j < 8; ++j) w[j] = Isa::load_bytes(block + j * kLine);
  } else {
    for (int j = 0; j < 4; ++j) {
      const auto line = Isa::load_bytes(block + j * kLine);
      w[j] = Isa::bit_and(line, low);
      w[4 + j] = Isa::bit_and(Isa::template shift_right<4>(line), low);
    }
  }
  if constexpr (kEncoding == Encoding::kQ6) {
    const auto upper = Isa::set_bytes(0x30);
    for (int i = 0; i < 2; ++i) {
      const auto line = Isa::load_bytes(block + (4 + i) * kLine);
      w[2 * i] = Isa::bit_or(w[2 * i], Isa::bit_and(Isa::template shift_left<4>(line), upper));
      w[4 + 2 * i] = Isa::bit_or(w[4 + 2 * i], Isa::bit_and(Isa::template shift_left<2>(line), upper));
      w[2 * i + 1] = Isa::bit_or(w[2 * i + 1], Isa::bit_and(line, upper));
      w[4 + 2 * i + 1] = Isa::bit_or(w[4 + 2 * i + 1], Isa::bit_and(Isa::template shift_right<2>(line), upper));
    }
  }
}

// out[p][c][0, 16): P quantised panels, `stride` bytes apart, times a tile of C columns.
//
// One column takes four panels at once, four streams that the hardware's prefetchers follow side by side; weights that
// come from memory are also asked for in the order in which they lie there, some 100 KB ahead, into the second cache.
// Measured at 2048 x 2048 from memory (EPYC, Zen 4): one panel 14 GB/s, four 18, with the hints 23, where only reading
// gives 31; a hint a few KB ahead of each panel instead, or into the first cache, loses what the streams gain.
template <class Isa, Encoding kEncoding, int P, int C, bool kStreamed>
inline void multiply_panels(const uint8_t* panels, int64_t stride, int64_t blocks, const Columns& columns, int64_t tile,
                            float (*out)[C][kPanel]) {
  using F = typename Isa::F;
  using I = typename Isa::I;
  constexpr int64_t kBytes = quant_bytes(kEncoding), kAhead = 96 * 1024;
  constexpr int kGroups = groups(kEncoding), kLarge = largest(kEncoding);
  const int8_t* x = columns.values + tile * blocks * C * kBlock;
  const float* x_scales = columns.scales + tile * blocks * C;
  const int32_t* corrections = columns.corrections + tile * blocks * 2 * C;
  for (int part = 0; part < kPanel; part += Isa::kLanes) {
    F total[P][C];
    for (auto& row : total) {
      for (auto& sum : row) sum = Isa::set(0);
    }
    for (int64_t b = 0; b < blocks; ++b) {
      for (int p = 0; p < P; ++p) {
        if constexpr (kStreamed) {
          if (part == 0) {
            const uint8_t* ahead = panels + kAhead + (b * P + p) * (kBytes + kGroups * kPanel * 2);
            for (int64_t i = 0; i < kBytes + kGroups * kPanel * 2; i += kLine) __builtin_prefetch(ahead + i, 0, 2);
          }
        }
        const uint8_t* panel = panels + p * stride;
        I w[8];
        unpack<Isa, kEncoding>(panel + b * kBytes + part * 4, w);
        const uint16_t* scale = reinterpret_cast<const uint16_t*>(panel + blocks * kBytes) + b * kGroups * kPanel + part;
        const F w_scale = Isa::load_f16(scale);
        for (int c = 0; c < C; ++c) {
          const int8_t* values = x + (b * C + c) * kBlock;
          const F x_scale = Isa::set(x_scales[b * C + c]);
          I dot = Isa::template dot4<kLarge>(Isa::set_int(corrections[b * 2 * C + c]), w, values);
          if constexpr (kGroups == 1) {
            dot = Isa::template dot4<kLarge>(dot, w + 4, values + 16);
            total[p][c] = Isa::fma(Isa::to_float(dot), Isa::mul(w_scale, x_scale), total[p][c]);
          } else {
            const I second = Isa::template dot4<kLarge>(Isa::set_int(corrections[(b * 2 + 1) * C + c]), w + 4, values + 16);
            const F low = Isa::mul(Isa::to_float(dot), w_scale);
            const F sum = Isa::fma(Isa::to_float(second), Isa::load_f16(scale + kPanel), low);
            total[p][c] = Isa::fma(sum, x_scale, total[p][c]);
          }
        }
      }
    }
    for (int p = 0; p < P; ++p) {
      for (int c = 0; c < C; ++c) Isa::store(out[p][c] + part, total[p][c]);
    }
  }
}

// The same of panels of floats.
template <class Isa, Encoding kEncoding, int P, int C>
inline void multiply_floats(const uint8_t* panels, int64_t stride, int64_t k, const Columns& columns, int64_t tile,
                            float (*out)[C][kPanel]) {
  using F = typename Isa::F;
  const float* x = columns.floats + tile * k * C;
  for (int part = 0; part < kPanel; part += Isa::kLanes) {
    F total[P][C];
    for (auto& row : total) {
      for (auto& sum : row) sum = Isa::set(0);
    }
    for (int64_t i = 0; i < k; ++i) {
      for (int p = 0; p < P; ++p) {
        F w;
        if constexpr (kEncoding == Encoding::kF16) {
          w = Isa::load_f16(reinterpret_cast<const uint16_t*>(panels + p * stride) + i * kPanel + part);
        } else {
          w = Isa::load(reinterpret_cast<const float*>(panels + p * stride) + i * kPanel + part);
        }
        for (int c = 0; c < C; ++c) total[p][c] = Isa::fma(w, Isa::set(x[i * C + c]), total[p][c]);
      }
    }
    for (int p = 0; p < P; ++p) {
      for (int c = 0; c < C; ++c) Isa::store(out[p][c] + part, total[p][c]);
    }
  }
}

// Calls f with a compile-time encoding.
template <class Function>
inline void with_encoding(Encoding encoding, const Function& f) {
  switch (encoding) {
    case Encoding::kQ4: return f(std::integral_constant<Encoding, Encoding::kQ4>());
    case Encoding::kQ6: return f(std::integral_constant<Encoding, Encoding::kQ6>());
    case Encoding::kQ8: return f(std::integral_constant<Encoding, Encoding::kQ8>());
    case Encoding::kF16: return f(std::integral_constant<Encoding, Encoding::kF16>());
    case Encoding::kF32: return f(std::integral_constant<Encoding, Encoding::kF32>());
  }
}

// 16 outputs of one column from `n` on, of which `count` exist: in place of what is stored at y.
template <class Isa>
inline void finish(const Product& p, float* values, int64_t n, int count, int64_t column, int64_t n_y) {
  using F = typename Isa::F;
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
    for (int i = 0; i < kPanel; i += Isa::kLanes) {
      const F v = Isa::load(values + i);
      Isa::store(y + i, v);
    }
  } else {
    for (int i = 0; i < count; ++i) y[i] = values[i];
  }
}

inline void take_best(const float* values, int64_t n, int count, Best& best) {
  for (int i = 0; i < count; ++i) {
    if (values[i] > best.score) best = {values[i], int32_t(n + i)};
  }
}

// Panels [panel, panel + P) of all columns, in tiles of C.
template <class Isa, Encoding kEncoding, int P, int C, bool kStreamed>
inline void multiply_group(const Product& p, const Columns& columns, int64_t panel, Best* best) {
  const int64_t stride = panel_bytes(kEncoding, p.n_in), n_tiles = (p.n_columns + C - 1) / C;
  const bool gated = p.activation == Activation::kSwiglu;
  const int64_t n_y = gated ? p.n_out / 2 : p.n_out;
  const auto products = [&](int64_t first, int64_t tile, float (*out)[C][kPanel]) {
    const uint8_t* data = p.weights + first * stride;
    if constexpr (is_quantised(kEncoding)) {
      multiply_panels<Isa, kEncoding, P, C, kStreamed>(data, stride, p.n_in / kBlock, columns, tile, out);
    } else {
      multiply_floats<Isa, kEncoding, P, C>(data, stride, p.n_in, columns, tile, out);
    }
  };
  for (int64_t tile = 0; tile < n_tiles; ++tile) {
    alignas(64) float out[P][C][kPanel], up[P][C][kPanel];
    products(panel, tile, out);
    if (gated) products(panel + n_y / kPanel, tile, up);
    for (int i = 0; i < P; ++i) {
      const int64_t n = (panel + i) * kPanel;
      const int count = int(n_y - n < kPanel ? n_y - n : kPanel);
      for (int c = 0; c < C && tile * C + c < p.n_columns; ++c) {
        float* values = out[i][c];
        for (int lane = 0; gated && lane < kPanel; lane += Isa::kLanes) {
          Isa::store(values + lane, Isa::mul(silu<Isa>(Isa::load(values + lane)), Isa::load(up[i][c] + lane)));
        }
        if (best) {
          take_best(values, n, count, *best);
        } else {
          finish<Isa>(p, values, n, count, tile * C + c, n_y);
        }
      }
    }
  }
}

template <class Isa, Encoding kEncoding, int P, int C, bool kStreamed>
void multiply_groups(const Product& p, const Columns& columns, int64_t first, int64_t last, Best* best) {
  int64_t panel = first;
  for (; panel + P <= last; panel += P) multiply_group<Isa, kEncoding, P, C, kStreamed>(p, columns, panel, best);
  for (; panel < last; ++panel) multiply_group<Isa, kEncoding, 1, C, kStreamed>(p, columns, panel, best);
}

template <class Isa>
void multiply(const Product& p, const Columns& columns, int64_t first, int64_t last, Best* best) {
  with_encoding(p.encoding, [&](auto encoding) {
    if (columns.tile > 1) {
      multiply_groups<Isa, encoding.value, 1, Isa::kTileColumns, false>(p, columns, first, last, best);
    } else if (p.streamed) {
      multiply_groups<Isa, encoding.value, 4, 1, true>(p, columns, first, last, best);
    } else {
      multiply_groups<Isa, encoding.value, 4, 1, false>(p, columns, first, last, best);
    }
  });
}

}  // namespace smjax
