// The packed product: panels of weights, unpacked as they are read, times columns.
#pragma once

#include "../kernel.h"
#include "columns.h"
#include "outputs.h"
#include "unpack.h"

namespace smjax {
inline namespace SMJAX_TARGET {

// A block of one vector of outputs times a block of one column, on its way: sums of the lower and the upper 16 inputs,
// which do not wait for each other.
template <class Isa, class E>
class BlockDot {
 public:
  BlockDot() = default;
  // `at` is where in the columns' corrections the lower inputs' is, the upper ones' `apart` behind it.
  BlockDot(const Columns& x, int64_t at, int64_t apart)
      : sums_{Dot(correction(x, at)), Dot(E::kScales == 2 ? correction(x, at + apart) : 0)} {}

  template <int kVector>
  void add(typename Isa::I w, const int8_t* values) {
    sums_[kVector / 4].template add<kVector % 4>(w, values + kVector / 4 * 16);
  }

  // The total with what the block adds to it.
  typename Isa::F added_to(typename Isa::F total, typename Isa::F w_scale, typename Isa::F second,
                           typename Isa::F x_scale) const {
    const auto low = sums_[0].sums(), high = sums_[1].sums();
    if constexpr (E::kScales == 1) {
      return Isa::fma(Isa::to_float(Isa::add_int(low, high)), Isa::mul(w_scale, x_scale), total);
    } else {
      const auto sum = Isa::fma(Isa::to_float(high), second, Isa::mul(Isa::to_float(low), w_scale));
      return Isa::fma(sum, x_scale, total);
    }
  }

 private:
  using Dot = typename Isa::template Dot<largest<E>()>;
  static int32_t correction(const Columns& x, int64_t at) { return excess<Isa, E>() ? x.corrections[at] : 0; }

  Dot sums_[2];
};

// Where a block is: its quants and scales, and which block of the columns it is multiplied with.
struct Block {
  const uint8_t *quants, *scales;
  int64_t b;
};

// totals[v][c] += one block of V vectors of outputs, from `part` on, times C columns. What a step unpacks is multiplied
// before the next, so that few registers hold all; see kUnpackFirst.
template <class Isa, class E, int V, int C>
SMJAX_INLINE inline void multiply_block(const Block& block, int part, const Shared<Isa> (&shared)[V], const Columns& x,
                                        typename Isa::F (&totals)[V][C]) {
  const int8_t* values = x.values + block.b * C * kBlock;
  const auto dot_of = [&](int c) { return BlockDot<Isa, E>(x, block.b * 2 * C + c, C); };
  const auto unpack_all = [&](const auto& f) SMJAX_INLINE {
    for_numbers<unpack_steps<E>()>([&](auto step) SMJAX_INLINE {
      for (int v = 0; v < V; ++v) {
        unpack<Isa, E, decltype(step)::value>(block.quants + (part + v * Isa::kLanes) * 4,
                                              [&](auto vector, typename Isa::I w) SMJAX_INLINE { f(v, vector, w); });
      }
    });
  };
  const auto add_scaled = [&](int v, const auto& dot_of_column) SMJAX_INLINE {
    const int at = part + v * Isa::kLanes;
    const auto w_scale = scale<Isa, E>(block.scales, at, 0, shared[v]);
    const auto second = scale<Isa, E>(block.scales, at, E::kScales + E::kMinimum - 1, shared[v]);
    for (int c = 0; c < C; ++c) {
      auto& total = totals[v][c];
      if constexpr (E::kMinimum) total = Isa::fma(second, Isa::set(x.totals[block.b * C + c]), total);
      total = dot_of_column(c).added_to(total, w_scale, second, Isa::set(x.scales[block.b * C + c]));
    }
  };
  if constexpr (Isa::kUnpackFirst && C > 1) {
    static_assert(V == 1);
    typename Isa::I w[8];
    unpack_all([&](int, auto vector, typename Isa::I bytes) SMJAX_INLINE { w[decltype(vector)::value] = bytes; });
    add_scaled(0, [&](int c) SMJAX_INLINE {
      auto dot = dot_of(c);
      for_numbers<8>([&](auto vector) SMJAX_INLINE {
        constexpr int kVector = decltype(vector)::value;
        dot.template add<kVector>(w[kVector], values + c * kBlock);
      });
      return dot;
    });
  } else {
    BlockDot<Isa, E> dots[V][C];
    for (auto& of_vector : dots) {
      for (int c = 0; c < C; ++c) of_vector[c] = dot_of(c);
    }
    unpack_all([&](int v, auto vector, typename Isa::I w) SMJAX_INLINE {
      for (int c = 0; c < C; ++c) dots[v][c].template add<decltype(vector)::value>(w, values + c * kBlock);
    });
    for (int v = 0; v < V; ++v) add_scaled(v, [&](int c) SMJAX_INLINE { return dots[v][c]; });
  }
}

// Hints to fetch as many bytes as are read at `at`, further on. Lines of groups come between the others, and where what
// is read next is not always as far away the hardware fetches less by itself: 29 GB/s instead of 41 (Zen 5).
inline void fetch_ahead(const uint8_t* at, int64_t bytes) {
  constexpr int64_t kAhead = 8192;
  for (int64_t i = 0; i < bytes; i += kLine) __builtin_prefetch(at + kAhead + i);
}

// out[c][0, 16) (+)= a panel of quantised weights times C columns, `x`; what is there is added to unless `first`. One
// column goes through all of a panel's outputs at once, so that lines come from memory as evenly as they are used.
template <class Isa, class E, int C>
inline void multiply_quants(const uint8_t* panel, int64_t n_in, const Columns& x, bool first, float (*out)[kPanel]) {
  constexpr Encoding kEncoding = PlaceOf<E>::value;
  constexpr int64_t kTogether = blocks_together(kEncoding), kBytes = quant_bytes(kEncoding);
  constexpr int64_t kSharing = blocks_sharing(kEncoding);
  constexpr int kLanes = Isa::kLanes, kVectors = C == 1 ? kPanel / kLanes : 1;
  const int64_t blocks = n_in / kBlock;
  for (int part = 0; part < kPanel; part += kVectors * kLanes) {
    typename Isa::F totals[kVectors][C];
    Shared<Isa> shared[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      for (int c = 0; c < C; ++c) totals[v][c] = first ? Isa::set(0) : Isa::load(out[c] + part + v * kLanes);
    }
    const uint8_t* at = panel;
    int64_t b = 0;
    for (; b + kTogether <= blocks; b += kTogether, at += kTogether * kBytes + kLine) {
      if constexpr (kSharing > 0) {
        if (b % kSharing == 0) {
          for (int v = 0; v < kVectors; ++v) shared[v] = read_shared<Isa>(at, part + v * kLanes);
          at += kLine;
        }
      }
      if constexpr (kSharing > 0 && C == 1) fetch_ahead(at, kTogether * kBytes + kLine);
      for (int64_t i = 0; i < kTogether; ++i) {
        const Block block = {at + i * kBytes, at + kTogether * kBytes + i * scale_bytes(kEncoding), b + i};
        multiply_block<Isa, E, kVectors, C>(block, part, shared, x, totals);
      }
    }
    if constexpr (kTogether > 1 && kSharing == 0) {
      if (b < blocks) multiply_block<Isa, E, kVectors, C>({at, at + kBytes, b}, part, shared, x, totals);
    }
    for (int v = 0; v < kVectors; ++v) {
      for (int c = 0; c < C; ++c) Isa::store(out[c] + part + v * kLanes, totals[v][c]);
    }
  }
}

// The same of weights that are floats.
template <class Isa, class E, int C>
inline void multiply_floats(const uint8_t* panel, int64_t n_in, const Columns& x, bool first, float (*out)[kPanel]) {
  using F = typename Isa::F;
  const auto* weights = reinterpret_cast<const typename E::Element*>(panel);
  constexpr int kLanes = Isa::kLanes, kVectors = C == 1 ? kPanel / kLanes : 1;
  for (int part = 0; part < kPanel; part += kVectors * kLanes) {
    F totals[kVectors][C];
    for (int v = 0; v < kVectors; ++v) {
      for (int c = 0; c < C; ++c) totals[v][c] = first ? Isa::set(0) : Isa::load(out[c] + part + v * kLanes);
    }
    for (int64_t i = 0; i < n_in; ++i) {
      for (int v = 0; v < kVectors; ++v) {
        const F w = E::template load<Isa>(weights + i * kPanel + part + v * kLanes);
        for (int c = 0; c < C; ++c) totals[v][c] = Isa::fma(w, Isa::set(x.floats[i * C + c]), totals[v][c]);
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      for (int c = 0; c < C; ++c) Isa::store(out[c] + part + v * kLanes, totals[v][c]);
    }
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
