// The KV cache, in its own layout (layout.h), and what is written into it.
#pragma once

#include <cstring>

#include "../half.h"
#include "../kernel.h"
#include "columns.h"
#include "math.h"

namespace smjax {
inline namespace SMJAX_TARGET {

constexpr float kMasked = -1e30f;  // the score of a slot that is not seen

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

inline const float* heads_of(const Attention& a, int64_t query, int64_t head) {
  return a.qkv + (query * (a.n_heads + 2 * a.n_kv_heads) + head) * a.head_dim;
}

// RoPE at the position of `query`, times `scale`; elements that are not turned stay. Each kind of pairs has a loop
// whose steps the compiler knows, and with one for both a prompt took 1.05 times as long (Zen 5).
inline void rotate(const Attention& a, int64_t query, const float* __restrict x, float scale, float* __restrict out) {
  const int64_t pairs = a.rotated / 2;
  for (int64_t h = a.rotated; h < a.head_dim; ++h) out[h] = x[h] * scale;
  const float *cosines = a.rotation + query * a.rotated, *sines = cosines + pairs;
  if (a.halves) {
    for (int64_t i = 0; i < pairs; ++i) {
      const float one = x[i] * scale, other = x[pairs + i] * scale;
      out[i] = one * cosines[i] - other * sines[i];
      out[pairs + i] = one * sines[i] + other * cosines[i];
    }
  } else {
    for (int64_t i = 0; i < pairs; ++i) {
      const float one = x[2 * i] * scale, other = x[2 * i + 1] * scale;
      out[2 * i] = one * cosines[i] - other * sines[i];
      out[2 * i + 1] = one * sines[i] + other * cosines[i];
    }
  }
}

// out[H] = head `n` of the `count` heads at `all`, normalised.
template <class Isa>
inline void normalise_head(const HeadNorm& norm, const float* all, int64_t n, int64_t count, int64_t head, float* out) {
  const bool whole = norm.kind == HeadNormKind::kWholeRms;
  const float *x = all + n * head, *together = whole ? all : x;
  const int64_t size = whole ? count * head : head;
  const float mean = norm.kind == HeadNormKind::kLayer ? mean_of<Isa>(together, size) : 0;
  const float scale = 1 / __builtin_sqrtf(variance<Isa>(together, size, mean) + norm.eps);
  const float* weight = norm.weight + (norm.shared ? 0 : n * head);
  for (int64_t h = 0; h < head; ++h) out[h] = (x[h] - mean) * scale * weight[h];
}

// out[H] = head `n` of the `count` heads at `all` of one position as attention takes it: normalised, turned, scaled.
template <class Isa>
inline void prepare_head(const Attention& a, const HeadNorm& norm, int64_t query, const float* all, int64_t n,
                         int64_t count, float scale, float* out) {
  if (!norm.weight) return rotate(a, query, all + n * a.head_dim, scale, out);
  float normalised[kMaxHead];
  normalise_head<Isa>(norm, all, n, count, a.head_dim, normalised);
  rotate(a, query, normalised, scale, out);
}

template <class Isa>
inline void prepare_query(const Attention& a, int64_t query, int64_t n, float* out) {
  prepare_head<Isa>(a, a.query_norm, query, heads_of(a, query, 0), n, a.n_heads, a.scale, out);
}

// The same of the keys, as the cache remembers them.
template <class Isa>
inline void prepare_key(const Attention& a, int64_t query, int64_t kv, float* out) {
  prepare_head<Isa>(a, a.key_norm, query, heads_of(a, query, a.n_heads), kv, a.n_kv_heads, 1, out);
}

// The H elements of one slot, in the cache's type, into a page's column: `together` of them 16 apart, then the same
// `apart` further on.
template <class Isa, class Cache>
inline void write_slot(const float* x, int64_t head, int64_t together, int64_t apart, typename Cache::Element* column) {
  typename Cache::Element row[kMaxHead + Isa::kLanes];
  for_vectors<Isa>(x, head, [&](typename Isa::F v, int64_t i, int) { Cache::template store<Isa>(row + i, v); });
  for (int64_t first = 0; first < head; first += together, column += apart) {
    for (int64_t e = 0; e < together; ++e) column[e * kPage] = row[first + e];
  }
}

template <class Isa>
void remember(const Attention& a, int64_t kv, int64_t first, int64_t last) noexcept {
  with_cache(a.type, [&](auto cache) {
    using Cache = decltype(cache);
    using Element = typename Cache::Element;
    const int64_t head = a.head_dim, together = elements_together(head);
    Element* keys = static_cast<Element*>(a.keys) + kv * a.n_slots * head;
    Element* values = static_cast<Element*>(a.values) + kv * a.n_slots * head;
    for (int64_t query = first; query < last; ++query) {
      const int64_t slot = a.position + query, page = slot / kPage, column = slot % kPage;
      float key[kMaxHead];
      prepare_key<Isa>(a, query, kv, key);
      write_slot<Isa, Cache>(key, head, head, 0, keys + page * head * kPage + column);
      const float* value = heads_of(a, query, a.n_heads + a.n_kv_heads + kv);
      write_slot<Isa, Cache>(value, head, together, a.n_slots * together, values + page * together * kPage + column);
    }
  });
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
