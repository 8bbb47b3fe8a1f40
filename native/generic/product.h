// The packed product: panels of weights, unpacked as they are read, times columns.
#pragma once

#include <cstring>

#include "../kernel.h"
#include "columns.h"
#include "outputs.h"

namespace smjax {
inline namespace SMJAX_TARGET {

// The 8 vectors of one block: inputs 4j…4j+3 and then 16+4j…16+4j+3 of this vector's outputs.
template <class Isa, class E>
inline void unpack(const uint8_t* block, typename Isa::I (&w)[8]) {
  constexpr int kBits = E::kBits;
  static_assert((4 <= kBits && kBits <= 6) || kBits == 8, "layout.h says how these are packed");
  const auto low = Isa::set_bytes(0x0f);
  if constexpr (kBits == 8) {
    for (int j = 0; j < 8; ++j) w[j] = Isa::load_bytes(block + j * kLine);
  } else {
    for (int j = 0; j < 4; ++j) {
      const auto line = Isa::load_bytes(block + j * kLine);
      w[j] = Isa::bit_and(line, low);
      w[4 + j] = Isa::bit_and(Isa::template shift_right<4>(line), low);
    }
  }
  if constexpr (E::kTable) {
    for (auto& v : w) v = Isa::look_up(E::kValues, v);
  }
  if constexpr (kBits == 5) {
    const auto fifth = Isa::set_bytes(0x10);
    auto up = Isa::load_bytes(block + 4 * kLine), down = up;
    for (int j = 0; j < 4; ++j) {
      up = Isa::template shift_left<1>(up);
      w[3 - j] = Isa::bit_or(w[3 - j], Isa::bit_and(up, fifth));
      w[4 + j] = Isa::bit_or(w[4 + j], Isa::bit_and(down, fifth));
      down = Isa::template shift_right<1>(down);
    }
  }
  if constexpr (kBits == 6) {
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

// Where a block of a panel is.
struct Block {
  const uint8_t *quants, *scales, *shared;
};

// Scale s of this vector's outputs; behind the last is their minimum.
template <class Isa, class E>
inline typename Isa::F scale(const Block& block, int part, int s) {
  const int at = s * kPanel + part;
  const auto half = [&](const uint8_t* p) { return Isa::load_f16(reinterpret_cast<const uint16_t*>(p) + at); };
  if constexpr (E::kScaleBytes == 2) {
    return half(block.scales);
  } else {
    return Isa::mul(Isa::load_u8(block.scales + at), half(block.shared));
  }
}

// totals[c] += one block of one panel times block `b` of C columns; `part` are this vector's outputs.
template <class Isa, class E, int C>
inline void multiply_block(const Block& block, int part, const Columns& x, int64_t b, typename Isa::F (&totals)[C]) {
  using F = typename Isa::F;
  using I = typename Isa::I;
  constexpr int kLargest = largest<E>();
  I w[8];
  unpack<Isa, E>(block.quants + part * 4, w);
  const F w_scale = scale<Isa, E>(block, part, 0), second = scale<Isa, E>(block, part, E::kScales + E::kMinimum - 1);
  for (int c = 0; c < C; ++c) {
    const int8_t* values = x.values + (b * C + c) * kBlock;
    const F x_scale = Isa::set(x.scales[b * C + c]);
    if constexpr (E::kMinimum) totals[c] = Isa::fma(second, Isa::set(x.totals[b * C + c]), totals[c]);
    I dot = Isa::template dot4<kLargest>(Isa::set_int(x.corrections[b * 2 * C + c]), w, values);
    if constexpr (E::kScales == 1) {
      if constexpr (C == 1) {  // two chains of sums: nothing else hides their latency
        dot = Isa::add_int(dot, Isa::template dot4<kLargest>(Isa::set_int(0), w + 4, values + 16));
      } else {
        dot = Isa::template dot4<kLargest>(dot, w + 4, values + 16);
      }
      totals[c] = Isa::fma(Isa::to_float(dot), Isa::mul(w_scale, x_scale), totals[c]);
    } else {
      const I high = Isa::template dot4<kLargest>(Isa::set_int(x.corrections[(b * 2 + 1) * C + c]), w + 4, values + 16);
      const F low = Isa::mul(Isa::to_float(dot), w_scale);
      totals[c] = Isa::fma(Isa::fma(Isa::to_float(high), second, low), x_scale, totals[c]);
    }
  }
}

// out[c][0, 16) (+)= a panel of quantised weights times C columns, `x`; what is there is added to unless `first`.
template <class Isa, class E, int C>
inline void multiply_quants(const uint8_t* panel, int64_t n_in, const Columns& x, bool first, float (*out)[kPanel]) {
  constexpr Encoding kEncoding = PlaceOf<E>::value;
  constexpr int64_t kTogether = blocks_together(kEncoding), kBytes = quant_bytes(kEncoding);
  constexpr int64_t kSharing = blocks_sharing(kEncoding);
  const int64_t blocks = n_in / kBlock;
  for (int part = 0; part < kPanel; part += Isa::kLanes) {
    typename Isa::F totals[C];
    for (int c = 0; c < C; ++c) totals[c] = first ? Isa::set(0) : Isa::load(out[c] + part);
    const uint8_t* at = panel;
    int64_t b = 0;
    const uint8_t* shared = nullptr;
    for (; b + kTogether <= blocks; b += kTogether, at += kTogether * kBytes + kLine) {
      if constexpr (kSharing > 0) {
        if (b % kSharing == 0) shared = at, at += kLine;
      }
      for (int64_t i = 0; i < kTogether; ++i) {
        const uint8_t* scales = at + kTogether * kBytes + i * scale_bytes(kEncoding);
        multiply_block<Isa, E, C>({at + i * kBytes, scales, shared}, part, x, b + i, totals);
      }
    }
    if constexpr (kTogether > 1 && kSharing == 0) {
      if (b < blocks) multiply_block<Isa, E, C>({at, at + kBytes, nullptr}, part, x, b, totals);
    }
    for (int c = 0; c < C; ++c) Isa::store(out[c] + part, totals[c]);
  }
}

// The same of weights that are floats.
template <class Isa, class E, int C>
inline void multiply_floats(const uint8_t* panel, int64_t n_in, const Columns& x, bool first, float (*out)[kPanel]) {
  using F = typename Isa::F;
  const auto* weights = reinterpret_cast<const typename E::Element*>(panel);
  for (int part = 0; part < kPanel; part += Isa::kLanes) {
    F totals[C];
    for (int c = 0; c < C; ++c) totals[c] = first ? Isa::set(0) : Isa::load(out[c] + part);
    for (int64_t i = 0; i < n_in; ++i) {
      const F w = E::template load<Isa>(weights + i * kPanel + part);
      for (int c = 0; c < C; ++c) totals[c] = Isa::fma(w, Isa::set(x.floats[i * C + c]), totals[c]);
    }
    for (int c = 0; c < C; ++c) Isa::store(out[c] + part, totals[c]);
  }
}

// One section of one panel, of one tile of columns.
template <class Isa, class E, int C>
inline void multiply_section(const Product& p, const Section& section, int64_t panel, const Columns& columns,
                             int64_t tile, float (*out)[kPanel]) {
  const uint8_t* data = p.weights + section.offset + panel * panel_bytes(PlaceOf<E>::value, section.count);
  Columns x = columns;
  if constexpr (E::kQuantised) {
    const int64_t blocks = (tile * p.n_in + section.first) / kBlock * C;
    x.values += blocks * kBlock;
    x.scales += blocks;
    x.corrections += 2 * blocks;
    if (E::kMinimum) x.totals += blocks;
    multiply_quants<Isa, E, C>(data, section.count, x, section.first == 0, out);
  } else {
    x.floats += (tile * p.n_in + section.first) * C;
    multiply_floats<Isa, E, C>(data, section.count, x, section.first == 0, out);
  }
}

// One column: section after section, so that the matrix is read as it lies.
template <class Isa, class E>
void multiply_column(const Product& p, const Columns& columns, int64_t first, int64_t last, Best* best) {
  constexpr int64_t kSection = section_inputs(PlaceOf<E>::value);
  const bool gated = is_gated(p.activation);
  const int64_t half = p.n_out / 2 / kPanel;
  alignas(64) float once[2][1][kPanel];
  for (int64_t input = 0; input < p.n_in; input += kSection) {
    const Section section = section_at(PlaceOf<E>::value, p.n_out, p.n_in, input);
    for (int64_t panel = first; panel < last; ++panel) {
      auto* sums =
          p.n_in <= kSection ? once : reinterpret_cast<float (*)[1][kPanel]>(columns.sums) + 2 * (panel - first);
      multiply_section<Isa, E, 1>(p, section, panel, columns, 0, sums[0]);
      if (gated) multiply_section<Isa, E, 1>(p, section, panel + half, columns, 0, sums[1]);
      if (input + kSection >= p.n_in) finish_panel<Isa>(p, panel, 0, 1, sums[0], sums[1], best);
    }
  }
}

// Many columns: all of them for a panel, so that the matrix is read once.
template <class Isa, class E>
void multiply_columns(const Product& p, const Columns& columns, int64_t first, int64_t last) {
  constexpr int C = Isa::kTileColumns;
  constexpr int64_t kSection = section_inputs(PlaceOf<E>::value);
  const bool gated = is_gated(p.activation);
  const int64_t half = p.n_out / 2 / kPanel;
  for (int64_t panel = first; panel < last; ++panel) {
    for (int64_t tile = 0; tile * C < p.n_columns; ++tile) {
      alignas(64) float out[C][kPanel], up[C][kPanel];
      for (int64_t input = 0; input < p.n_in; input += kSection) {
        const Section section = section_at(PlaceOf<E>::value, p.n_out, p.n_in, input);
        multiply_section<Isa, E, C>(p, section, panel, columns, tile, out);
        if (gated) multiply_section<Isa, E, C>(p, section, panel + half, columns, tile, up);
      }
      finish_panel<Isa>(p, panel, tile, C, out, up, nullptr);
    }
  }
}

template <class Isa>
void multiply(const Product& p, const Columns& columns, int64_t first, int64_t last, Best* best) noexcept {
  with_encoding(p.encoding, [&](auto encoding) {
    using E = decltype(encoding);
    if (columns.tile == 1) {
      multiply_column<Isa, E>(p, columns, first, last, best);
    } else {
      multiply_columns<Isa, E>(p, columns, first, last);
    }
  });
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
