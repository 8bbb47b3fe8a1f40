// The packed product and what is fused with it: norm and quantisation of its inputs, bias, activation and residual of
// its outputs, the choice of the best one.
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
  *scale = (peak > 1e-30f ? peak / 127 : 0) + Isa::sum(nothing);
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

// totals[c] += one block of one panel times block `b` of C columns; `part` are this vector's outputs.
template <class Isa, Encoding kEncoding, int C>
inline void multiply_block(const uint8_t* quants, const uint8_t* scales, int part, const Columns& x, int64_t b,
                           typename Isa::F (&totals)[C]) {
  using F = typename Isa::F;
  using I = typename Isa::I;
  constexpr int kGroups = groups(kEncoding), kLarge = largest(kEncoding);
  I w[8];
  unpack<Isa, kEncoding>(quants + part * 4, w);
  const uint16_t* scale = reinterpret_cast<const uint16_t*>(scales) + part;
  const F w_scale = Isa::load_f16(scale);
  for (int c = 0; c < C; ++c) {
    const int8_t* values = x.values + (b * C + c) * kBlock;
    const F x_scale = Isa::set(x.scales[b * C + c]);
    I dot = Isa::template dot4<kLarge>(Isa::set_int(x.corrections[b * 2 * C + c]), w, values);
    if constexpr (kGroups == 1) {
      if constexpr (C == 1) {  // two chains of sums: nothing else hides their latency
        dot = Isa::add_int(dot, Isa::template dot4<kLarge>(Isa::set_int(0), w + 4, values + 16));
      } else {
        dot = Isa::template dot4<kLarge>(dot, w + 4, values + 16);
      }
      totals[c] = Isa::fma(Isa::to_float(dot), Isa::mul(w_scale, x_scale), totals[c]);
    } else {
      const I high = Isa::template dot4<kLarge>(Isa::set_int(x.corrections[(b * 2 + 1) * C + c]), w + 4, values + 16);
      const F low = Isa::mul(Isa::to_float(dot), w_scale);
      totals[c] = Isa::fma(Isa::fma(Isa::to_float(high), Isa::load_f16(scale + kPanel), low), x_scale, totals[c]);
    }
  }
}

// out[c][0, 16) (+)= a panel of quantised weights times C columns, `x`; what is there is added to unless `first`.
template <class Isa, Encoding kEncoding, int C>
inline void multiply_panel(const uint8_t* panel, int64_t n_in, const Columns& x, bool first, float (*out)[kPanel]) {
  constexpr int64_t kBytes = quant_bytes(kEncoding);
  constexpr int kTogether = blocks_together(kEncoding);
  const int64_t blocks = n_in / kBlock;
  for (int part = 0; part < kPanel; part += Isa::kLanes) {
    typename Isa::F totals[C];
    for (int c = 0; c < C; ++c) totals[c] = first ? Isa::set(0) : Isa::load(out[c] + part);
    const uint8_t* at = panel;
    int64_t b = 0;
    for (; b + kTogether <= blocks; b += kTogether, at += kTogether * kBytes + kLine) {
      for (int i = 0; i < kTogether; ++i) {
        const uint8_t* scales = at + kTogether * kBytes + i * kPanel * 2;
        multiply_block<Isa, kEncoding, C>(at + i * kBytes, scales, part, x, b + i, totals);
      }
    }
    if (b < blocks) multiply_block<Isa, kEncoding, C>(at, at + kBytes, part, x, b, totals);
    for (int c = 0; c < C; ++c) Isa::store(out[c] + part, totals[c]);
  }
}

// The same of weights that are floats.
template <class Isa, Encoding kEncoding, int C>
inline void multiply_floats(const uint8_t* panel, int64_t n_in, const Columns& x, bool first, float (*out)[kPanel]) {
  using F = typename Isa::F;
  for (int part = 0; part < kPanel; part += Isa::kLanes) {
    F totals[C];
    for (int c = 0; c < C; ++c) totals[c] = first ? Isa::set(0) : Isa::load(out[c] + part);
    for (int64_t i = 0; i < n_in; ++i) {
      F w;
      if constexpr (kEncoding == Encoding::kF16) {
        w = Isa::load_f16(reinterpret_cast<const uint16_t*>(panel) + i * kPanel + part);
      } else {
        w = Isa::load(reinterpret_cast<const float*>(panel) + i * kPanel + part);
      }
      for (int c = 0; c < C; ++c) totals[c] = Isa::fma(w, Isa::set(x.floats[i * C + c]), totals[c]);
    }
    for (int c = 0; c < C; ++c) Isa::store(out[c] + part, totals[c]);
  }
}

// One chunk of one panel, of one tile of columns.
template <class Isa, Encoding kEncoding, int C>
inline void multiply_chunk(const Product& p, const Chunk& chunk, int64_t panel, const Columns& columns, int64_t tile,
                           float (*out)[kPanel]) {
  const uint8_t* data = p.weights + chunk.offset + panel * panel_bytes(kEncoding, chunk.count);
  Columns x = columns;
  if constexpr (is_quantised(kEncoding)) {
    const int64_t blocks = (tile * p.n_in + chunk.first) / kBlock * C;
    x.values += blocks * kBlock;
    x.scales += blocks;
    x.corrections += 2 * blocks;
    multiply_panel<Isa, kEncoding, C>(data, chunk.count, x, chunk.first == 0, out);
  } else {
    x.floats += (tile * p.n_in + chunk.first) * C;
    multiply_floats<Isa, kEncoding, C>(data, chunk.count, x, chunk.first == 0, out);
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

// The outputs of a panel of one tile of columns, from its products; `up` are those of the second half for SwiGLU.
template <class Isa>
inline void finish_panel(const Product& p, int64_t panel, int64_t tile, int columns, float (*out)[kPanel],
                         const float (*up)[kPanel], Best* best) {
  const bool gated = p.activation == Activation::kSwiglu;
  const int64_t n_y = gated ? p.n_out / 2 : p.n_out, n = panel * kPanel;
  const int count = int(n_y - n < kPanel ? n_y - n : kPanel);
  for (int c = 0; c < columns && tile * columns + c < p.n_columns; ++c) {
    for (int lane = 0; gated && lane < kPanel; lane += Isa::kLanes) {
      Isa::store(out[c] + lane, Isa::mul(silu<Isa>(Isa::load(out[c] + lane)), Isa::load(up[c] + lane)));
    }
    if (best) {
      take_best(out[c], n, count, *best);
    } else {
      finish<Isa>(p, out[c], n, count, tile * columns + c, n_y);
    }
  }
}

// One column: chunk after chunk, so that the matrix is read as it lies.
template <class Isa, Encoding kEncoding>
void multiply_column(const Product& p, const Columns& columns, int64_t first, int64_t last, Best* best) {
  const bool gated = p.activation == Activation::kSwiglu;
  const int64_t half = p.n_out / 2 / kPanel, size = chunk_inputs(kEncoding);
  alignas(64) float once[2][1][kPanel];
  for (int64_t input = 0; input < p.n_in; input += size) {
    const Chunk chunk = chunk_at(kEncoding, p.n_out, p.n_in, input);
    for (int64_t panel = first; panel < last; ++panel) {
      auto* sums = p.n_in <= size ? once : reinterpret_cast<float (*)[1][kPanel]>(columns.sums) + 2 * (panel - first);
      multiply_chunk<Isa, kEncoding, 1>(p, chunk, panel, columns, 0, sums[0]);
      if (gated) multiply_chunk<Isa, kEncoding, 1>(p, chunk, panel + half, columns, 0, sums[1]);
      if (input + size >= p.n_in) finish_panel<Isa>(p, panel, 0, 1, sums[0], sums[1], best);
    }
  }
}

// Many columns: all of them for a panel, so that the matrix is read once.
template <class Isa, Encoding kEncoding>
void multiply_columns(const Product& p, const Columns& columns, int64_t first, int64_t last) {
  constexpr int C = Isa::kTileColumns;
  const bool gated = p.activation == Activation::kSwiglu;
  const int64_t half = p.n_out / 2 / kPanel, size = chunk_inputs(kEncoding);
  for (int64_t panel = first; panel < last; ++panel) {
    for (int64_t tile = 0; tile * C < p.n_columns; ++tile) {
      alignas(64) float out[C][kPanel], up[C][kPanel];
      for (int64_t input = 0; input < p.n_in; input += size) {
        const Chunk chunk = chunk_at(kEncoding, p.n_out, p.n_in, input);
        multiply_chunk<Isa, kEncoding, C>(p, chunk, panel, columns, tile, out);
        if (gated) multiply_chunk<Isa, kEncoding, C>(p, chunk, panel + half, columns, tile, up);
      }
      finish_panel<Isa>(p, panel, tile, C, out, up, nullptr);
    }
  }
}

template <class Isa>
void multiply(const Product& p, const Columns& columns, int64_t first, int64_t last, Best* best) {
  with_encoding(p.encoding, [&](auto encoding) {
    if (columns.tile == 1) {
      multiply_column<Isa, encoding.value>(p, columns, first, last, best);
    } else {
      multiply_columns<Isa, encoding.value>(p, columns, first, last);
    }
  });
}

}  // namespace smjax
