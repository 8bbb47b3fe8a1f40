// Grouped-query attention over the cache in its own layout: one position over chunks of slots (decode), and many over
// blocks of slots with a running softmax (prefill). Vectors run along slots in the one and along queries in the other,
// so that any head size fills them.
//
// References: Milakov and Gimelshein 2018 (online softmax); Dao et al. 2023 (Flash-Decoding: chunks, merged
// afterwards).
#pragma once

#include <cstring>

#include "../half.h"
#include "../kernel.h"
#include "math.h"

namespace smjax {

constexpr float kMasked = -1e30f;
constexpr int64_t kMaxHead = 512;

struct CacheF16 {
  using Element = uint16_t;
  template <class Isa>
  static typename Isa::F load(const Element* p) {
    return Isa::load_f16(p);
  }
  template <class Isa>
  static void store(Element* p, typename Isa::F v) {
    Isa::store_f16(p, v);
  }
};
struct CacheBf16 {
  using Element = uint16_t;
  template <class Isa>
  static typename Isa::F load(const Element* p) {
    return Isa::load_bf16(p);
  }
  template <class Isa>
  static void store(Element* p, typename Isa::F v) {
    float values[Isa::kLanes];
    Isa::store(values, v);
    for (int i = 0; i < Isa::kLanes; ++i) p[i] = float_to_bfloat(values[i]);
  }
};
struct CacheF32 {
  using Element = float;
  template <class Isa>
  static typename Isa::F load(const Element* p) {
    return Isa::load(p);
  }
  template <class Isa>
  static void store(Element* p, typename Isa::F v) {
    Isa::store(p, v);
  }
};

// Calls f with a value of the cache's type.
template <class Function>
inline void with_cache(CacheType type, const Function& f) {
  switch (type) {
    case CacheType::kF16: return f(CacheF16());
    case CacheType::kBf16: return f(CacheBf16());
    case CacheType::kF32: return f(CacheF32());
  }
}

// RoPE of adjacent pairs, times `scale`; `rotation` is [2, H/2] or nullptr.
inline void rotate(const float* x, int64_t head, const float* rotation, float scale, float* out) {
  if (!rotation) {
    for (int64_t h = 0; h < head; ++h) out[h] = x[h] * scale;
    return;
  }
  const float *cosines = rotation, *sines = rotation + head / 2;
  for (int64_t i = 0; i < head / 2; ++i) {
    const float even = x[2 * i] * scale, odd = x[2 * i + 1] * scale;
    out[2 * i] = even * cosines[i] - odd * sines[i];
    out[2 * i + 1] = even * sines[i] + odd * cosines[i];
  }
}

inline const float* rotation_of(const Attention& a, int64_t query) {
  return a.rotation ? a.rotation + query * a.head_dim : nullptr;
}

inline const float* heads_of(const Attention& a, int64_t query, int64_t head) {
  return a.qkv + (query * (a.n_heads + 2 * a.n_kv_heads) + head) * a.head_dim;
}

// The H elements of one slot, in the cache's type, into a tile's column: `together` of them 16 apart, then the same
// `group` further on.
template <class Isa, class Cache>
inline void write_slot(const float* x, int64_t head, int64_t together, int64_t group, typename Cache::Element* column) {
  typename Cache::Element row[kMaxHead + Isa::kLanes];
  for_vectors<Isa>(x, head, [&](typename Isa::F v, int64_t i, int) { Cache::template store<Isa>(row + i, v); });
  for (int64_t first = 0; first < head; first += together, column += group) {
    for (int64_t e = 0; e < together; ++e) column[e * kTile] = row[first + e];
  }
}

template <class Isa>
void remember(const Attention& a, int64_t kv, int64_t first, int64_t last) {
  with_cache(a.type, [&](auto cache) {
    using Cache = decltype(cache);
    using Element = typename Cache::Element;
    const int64_t head = a.head_dim, together = elements_together(head);
    Element* keys = static_cast<Element*>(a.keys) + kv * a.n_slots * head;
    Element* values = static_cast<Element*>(a.values) + kv * a.n_slots * head;
    for (int64_t query = first; query < last; ++query) {
      const int64_t slot = a.position + query, tile = slot / kTile, column = slot % kTile;
      float rotated[kMaxHead];
      rotate(heads_of(a, query, a.n_heads + kv), head, rotation_of(a, query), 1, rotated);
      write_slot<Isa, Cache>(rotated, head, head, 0, keys + tile * head * kTile + column);
      const float* value = heads_of(a, query, a.n_heads + a.n_kv_heads + kv);
      write_slot<Isa, Cache>(value, head, together, a.n_slots * together, values + tile * together * kTile + column);
    }
  });
}

// scores[g][0, 16) of G queries and one tile of keys, which are read in the order in which they lie.
template <class Isa, class Cache, int G>
inline void score_tile(const typename Cache::Element* keys, int64_t head, const float* q, float* scores) {
  using F = typename Isa::F;
  constexpr int kChains = G == 1 ? 4 : 2;  // sums that do not wait for each other
  for (int part = 0; part < kTile; part += Isa::kLanes) {
    F sums[G][kChains];
    for (auto& row : sums) {
      for (auto& sum : row) sum = Isa::set(0);
    }
    const auto add = [&](int64_t h, int chain) {
      const F k = Cache::template load<Isa>(keys + h * kTile + part);
      for (int g = 0; g < G; ++g) sums[g][chain] = Isa::fma(k, Isa::set(q[g * head + h]), sums[g][chain]);
    };
    int64_t h = 0;
    for (; h + kChains <= head; h += kChains) {
      for (int chain = 0; chain < kChains; ++chain) add(h + chain, chain);
    }
    for (; h < head; ++h) add(h, 0);
    for (int g = 0; g < G; ++g) {
      F sum = sums[g][0];
      for (int chain = 1; chain < kChains; ++chain) sum = Isa::add(sum, sums[g][chain]);
      Isa::store(scores + g * kChunk + part, sum);
    }
  }
}

// out[g][0, E) = sum over slots of weights[g] times E elements of the values, whose tiles are `stride` apart.
template <class Isa, class Cache, int G, int E>
inline void sum_values(const typename Cache::Element* values, int64_t stride, int64_t tiles, const float* weights,
                       float* out, int64_t out_stride) {
  using F = typename Isa::F;
  F sums[G][E];
  for (auto& row : sums) {
    for (auto& sum : row) sum = Isa::set(0);
  }
  for (int64_t tile = 0; tile < tiles; ++tile) {
    for (int part = 0; part < kTile; part += Isa::kLanes) {
      F w[G];
      for (int g = 0; g < G; ++g) w[g] = Isa::load(weights + g * kChunk + tile * kTile + part);
      for (int e = 0; e < E; ++e) {
        const F v = Cache::template load<Isa>(values + tile * stride + e * kTile + part);
        for (int g = 0; g < G; ++g) sums[g][e] = Isa::fma(v, w[g], sums[g][e]);
      }
    }
  }
  for (int g = 0; g < G; ++g) {
    for (int e = 0; e < E; ++e) out[g * out_stride + e] = Isa::sum(sums[g][e]);
  }
}

// Weights e^(score - peak) in place of `scores`; the peak.
template <class Isa>
inline float softmax(float* scores, int64_t n, float* total) {
  using F = typename Isa::F;
  F peaks = Isa::set(kMasked), totals = Isa::set(0);
  for (int64_t i = 0; i < n; i += Isa::kLanes) peaks = Isa::max(peaks, Isa::load(scores + i));
  const float peak = Isa::peak_signed(peaks);
  for (int64_t i = 0; i < n; i += Isa::kLanes) {
    const F weight = exp<Isa>(Isa::sub(Isa::load(scores + i), Isa::set(peak)));
    Isa::store(scores + i, weight);
    totals = Isa::add(totals, weight);
  }
  *total = Isa::sum(totals);
  return peak;
}

// Some slots of one KV head: tiles [tile, tile + tiles), of which slots [begin, end) count.
template <class Element>
struct Slots {
  const Element *keys, *values;
  int64_t tile, tiles, begin, end;
};

// G heads that share a KV head: out[g] are H sums, peak and total.
template <class Isa, class Cache, int G>
inline void attend_group(const Attention& a, const Slots<typename Cache::Element>& slots, const float* q, float* out) {
  const int64_t head = a.head_dim, tiles = slots.tiles, stride = head + 2, tile_size = head * kTile;
  alignas(64) float scores[G * kChunk];
  const auto* keys = slots.keys + slots.tile * tile_size;
  for (int64_t t = 0; t < tiles; ++t) score_tile<Isa, Cache, G>(keys + t * tile_size, head, q, scores + t * kTile);
  for (int g = 0; g < G; ++g) {
    float* row = scores + g * kChunk - slots.tile * kTile;
    for (int64_t slot = slots.tile * kTile; slot < slots.begin; ++slot) row[slot] = kMasked;
    for (int64_t slot = slots.end; slot < (slots.tile + tiles) * kTile; ++slot) row[slot] = kMasked;
    float* to = out + g * stride;
    to[head] = softmax<Isa>(scores + g * kChunk, tiles * kTile, to + head + 1);
  }
  const int64_t together = elements_together(head);
  const auto sum_all = [&](auto elements) {
    constexpr int E = decltype(elements)::value;
    for (int64_t h = 0; h < head; h += E) {
      const int64_t offset = h / together * together * a.n_slots + (slots.tile * together + h % together) * kTile;
      sum_values<Isa, Cache, G, E>(slots.values + offset, together * kTile, tiles, scores, out + h, stride);
    }
  };
  constexpr int kMost = G == 1 ? 16 : 4;
  if (together % kMost == 0) {
    sum_all(std::integral_constant<int, kMost>());
  } else if (together % 4 == 0) {
    sum_all(std::integral_constant<int, 4>());
  } else {
    sum_all(std::integral_constant<int, 1>());
  }
}

template <class Isa>
void attend_one(const Attention& a, int64_t first_head, int64_t count, int64_t chunk) {
  with_cache(a.type, [&](auto cache) {
    using Cache = decltype(cache);
    using Element = typename Cache::Element;
    const int64_t head = a.head_dim, kv = first_head / (a.n_heads / a.n_kv_heads), now = a.position + 1;
    const int64_t oldest = now > a.window ? now - a.window : 0, first_slot = (oldest / kChunk + chunk) * kChunk;
    Slots<Element> slots;
    slots.keys = static_cast<const Element*>(a.keys) + kv * a.n_slots * head;
    slots.values = static_cast<const Element*>(a.values) + kv * a.n_slots * head;
    slots.begin = first_slot > oldest ? first_slot : oldest;
    slots.end = first_slot + kChunk < now ? first_slot + kChunk : now;
    slots.tile = slots.begin / kTile;  // tiles that left the window are not looked at
    slots.tiles = (slots.end + kTile - 1) / kTile - slots.tile;
    float* out = a.partial + (chunk * a.n_heads + first_head) * (head + 2);
    float q[kTogether * kMaxHead];
    for (int64_t i = 0; i < count; ++i) {
      rotate(heads_of(a, 0, first_head + i), head, rotation_of(a, 0), a.scale, q + i * head);
    }
    if (count == kTogether) return attend_group<Isa, Cache, kTogether>(a, slots, q, out);
    for (int64_t i = 0; i < count; ++i) attend_group<Isa, Cache, 1>(a, slots, q + i * head, out + i * (head + 2));
  });
}

// rows[m][queries] += sum over k of a(m, k) * b[k][queries], M rows at once; a(m, k) = a[m * row + k * column].
template <class Isa, int M>
inline void add_outer(const float* a, int64_t row, int64_t column, const float* b, int64_t n, float* rows) {
  using F = typename Isa::F;
  constexpr int kVectors = 2;
  for (int64_t part = 0; part < kQueries; part += kVectors * Isa::kLanes) {
    constexpr int V = kQueries < kVectors * Isa::kLanes ? int(kQueries) / Isa::kLanes : kVectors;
    F sums[M][V];
    for (int m = 0; m < M; ++m) {
      for (int v = 0; v < V; ++v) sums[m][v] = Isa::load(rows + m * kQueries + part + v * Isa::kLanes);
    }
    for (int64_t k = 0; k < n; ++k) {
      F x[V];
      for (int v = 0; v < V; ++v) x[v] = Isa::load(b + k * kQueries + part + v * Isa::kLanes);
      for (int m = 0; m < M; ++m) {
        const F element = Isa::set(a[m * row + k * column]);
        for (int v = 0; v < V; ++v) sums[m][v] = Isa::fma(element, x[v], sums[m][v]);
      }
    }
    for (int m = 0; m < M; ++m) {
      for (int v = 0; v < V; ++v) Isa::store(rows + m * kQueries + part + v * Isa::kLanes, sums[m][v]);
    }
  }
}

// Masks the scores of `slots` slots from `slot` on: a query sees its own position and `window - 1` before it.
template <class Isa>
inline void mask(float* scores, int64_t slots, int64_t slot, int64_t position, int64_t window) {
  using F = typename Isa::F;
  float lanes[kQueries];
  for (int64_t t = 0; t < kQueries; ++t) lanes[t] = float(t);
  for (int64_t s = 0; s < slots; ++s) {
    const float ahead = float(position - slot - s);  // of query 0; a negative age is the future
    for (int64_t t = 0; t < kQueries; t += Isa::kLanes) {
      const F age = Isa::add(Isa::load(lanes + t), Isa::set(ahead));
      const F room = Isa::min(age, Isa::sub(Isa::set(float(window - 1)), age));
      const F penalty = Isa::mul(Isa::min(room, Isa::set(0)), Isa::set(1e30f));
      Isa::store(scores + s * kQueries + t, Isa::add(Isa::load(scores + s * kQueries + t), penalty));
    }
  }
}

template <class Isa>
void attend_many(const Attention& a, int64_t n, int64_t first) {
  using F = typename Isa::F;
  constexpr int64_t kSlots = 64;
  const int64_t head = a.head_dim, kv = n / (a.n_heads / a.n_kv_heads);
  const int64_t count = a.n_queries - first < kQueries ? a.n_queries - first : kQueries;
  const int64_t position = a.position + first, last_position = position + count - 1;
  alignas(64) float q[kMaxHead * kQueries], out[kMaxHead * kQueries], scores[kSlots * kQueries];
  alignas(64) float peak[kQueries], total[kQueries], block[kMaxHead * kSlots];
  std::memset(q, 0, sizeof(float) * size_t(head * kQueries));
  std::memset(out, 0, sizeof(float) * size_t(head * kQueries));
  for (int64_t t = 0; t < kQueries; ++t) peak[t] = kMasked, total[t] = 0;
  for (int64_t t = 0; t < count; ++t) {
    float row[kMaxHead];
    rotate(heads_of(a, first + t, n), head, rotation_of(a, first + t), a.scale, row);
    for (int64_t h = 0; h < head; ++h) q[h * kQueries + t] = row[h];
  }
  with_cache(a.type, [&](auto cache) {
    using Cache = decltype(cache);
    using Element = typename Cache::Element;
    // Slots as floats, [tile][H][16]; `together` elements of a head lie together.
    const auto widen = [&](const void* layer, int64_t slot, int64_t slots, int64_t together) {
      const Element* from = static_cast<const Element*>(layer) + kv * a.n_slots * head + slot * together;
      for (int64_t h = 0; h < head; h += together, from += a.n_slots * together) {
        for (int64_t t = 0; t < slots / kTile; ++t) {
          const int64_t size = together * kTile;
          float* to = block + (t * head + h) * kTile;
          for (int64_t i = 0; i < size; i += Isa::kLanes)
            Isa::store(to + i, Cache::template load<Isa>(from + t * size + i));
        }
      }
    };
    const int64_t oldest = position - a.window + 1 > 0 ? position - a.window + 1 : 0;
    for (int64_t slot = oldest / kSlots * kSlots; slot <= last_position; slot += kSlots) {
      const int64_t left = round_up(last_position + 1 - slot, kTile), slots = left < kSlots ? left : kSlots;
      widen(a.keys, slot, slots, head);
      std::memset(scores, 0, sizeof(float) * size_t(slots * kQueries));
      for (int64_t s = 0; s < slots; s += 4) {  // keys of slot s: block[tile][h][s % 16]
        add_outer<Isa, 4>(block + s / kTile * head * kTile + s % kTile, 1, kTile, q, head, scores + s * kQueries);
      }
      const bool all_visible = slot + slots - 1 <= position && slot > last_position - a.window;
      if (!all_visible) mask<Isa>(scores, slots, slot, position, a.window);
      for (int64_t t = 0; t < kQueries; t += Isa::kLanes) {
        F top = Isa::load(peak + t), sum = Isa::set(0);
        for (int64_t s = 0; s < slots; ++s) top = Isa::max(top, Isa::load(scores + s * kQueries + t));
        const F faded = exp<Isa>(Isa::sub(Isa::load(peak + t), top));
        for (int64_t s = 0; s < slots; ++s) {
          const F weight = exp<Isa>(Isa::sub(Isa::load(scores + s * kQueries + t), top));
          Isa::store(scores + s * kQueries + t, weight);
          sum = Isa::add(sum, weight);
        }
        Isa::store(peak + t, top);
        Isa::store(total + t, Isa::fma(Isa::load(total + t), faded, sum));
        for (int64_t h = 0; h < head; ++h) {
          Isa::store(out + h * kQueries + t, Isa::mul(Isa::load(out + h * kQueries + t), faded));
        }
      }
      widen(a.values, slot, slots, elements_together(head));
      for (int64_t tile = 0; tile < slots / kTile; ++tile) {
        const float* values = block + tile * head * kTile;
        const float* weights = scores + tile * kTile * kQueries;
        int64_t h = 0;
        for (; h + 4 <= head; h += 4)
          add_outer<Isa, 4>(values + h * kTile, kTile, 1, weights, kTile, out + h * kQueries);
        for (; h < head; ++h) add_outer<Isa, 1>(values + h * kTile, kTile, 1, weights, kTile, out + h * kQueries);
      }
    }
  });
  for (int64_t t = 0; t < count; ++t) {
    float* to = a.out + (first + t) * a.n_heads * head + n * head;
    for (int64_t h = 0; h < head; ++h) to[h] = out[h * kQueries + t] / total[t];
  }
}

}  // namespace smjax
