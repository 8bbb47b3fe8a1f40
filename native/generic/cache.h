// The KV cache, in its own layout (layout.h), and what is written into it.
#pragma once

#include <cstring>

#include "../half.h"
#include "../kernel.h"
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
      float rotated[kMaxHead];
      rotate(heads_of(a, query, a.n_heads + kv), head, rotation_of(a, query), 1, rotated);
      write_slot<Isa, Cache>(rotated, head, head, 0, keys + page * head * kPage + column);
      const float* value = heads_of(a, query, a.n_heads + a.n_kv_heads + kv);
      write_slot<Isa, Cache>(value, head, together, a.n_slots * together, values + page * together * kPage + column);
    }
  });
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
