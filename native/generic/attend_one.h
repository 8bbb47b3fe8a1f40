// Attention of one position over splits of the slots (decode). Vectors run along slots, so that any head size fills
// them.
//
// Reference: Dao et al. 2023 (Flash-Decoding: splits, merged afterwards).
#pragma once

#include "../kernel.h"
#include "cache.h"
#include "math.h"

namespace smjax {
inline namespace SMJAX_TARGET {

// scores[m][0, 16) of M queries and one page of keys, which are read in the order in which they lie.
template <class Isa, class Cache, int M>
inline void score_page(const typename Cache::Element* keys, int64_t head, const float* q, float* scores) {
  using F = typename Isa::F;
  constexpr int kChains = M == 1 ? 4 : 2;  // sums that do not wait for each other
  for (int part = 0; part < kPage; part += Isa::kLanes) {
    F sums[M][kChains];
    for (auto& row : sums) {
      for (auto& sum : row) sum = Isa::set(0);
    }
    const auto add = [&](int64_t h, int chain) {
      const F k = Cache::template load<Isa>(keys + h * kPage + part);
      for (int m = 0; m < M; ++m) sums[m][chain] = Isa::fma(k, Isa::set(q[m * head + h]), sums[m][chain]);
    };
    int64_t h = 0;
    for (; h + kChains <= head; h += kChains) {
      for (int chain = 0; chain < kChains; ++chain) add(h + chain, chain);
    }
    for (; h < head; ++h) add(h, 0);
    for (int m = 0; m < M; ++m) {
      F sum = sums[m][0];
      for (int chain = 1; chain < kChains; ++chain) sum = Isa::add(sum, sums[m][chain]);
      Isa::store(scores + m * kSplit + part, sum);
    }
  }
}

// out[m][0, E) = sum over slots of weights[m] times E elements of the values, whose pages are `stride` apart.
template <class Isa, class Cache, int M, int E>
inline void sum_values(const typename Cache::Element* values, int64_t stride, int64_t pages, const float* weights,
                       float* out, int64_t out_stride) {
  using F = typename Isa::F;
  F sums[M][E];
  for (auto& row : sums) {
    for (auto& sum : row) sum = Isa::set(0);
  }
  for (int64_t page = 0; page < pages; ++page) {
    for (int part = 0; part < kPage; part += Isa::kLanes) {
      F w[M];
      for (int m = 0; m < M; ++m) w[m] = Isa::load(weights + m * kSplit + page * kPage + part);
      for (int e = 0; e < E; ++e) {
        const F v = Cache::template load<Isa>(values + page * stride + e * kPage + part);
        for (int m = 0; m < M; ++m) sums[m][e] = Isa::fma(v, w[m], sums[m][e]);
      }
    }
  }
  for (int m = 0; m < M; ++m) {
    for (int e = 0; e < E; ++e) out[m * out_stride + e] = Isa::sum(sums[m][e]);
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

// Some slots of one KV head: pages [page, page + pages), of which slots [begin, end) count.
template <class Element>
struct Slots {
  const Element *keys, *values;
  int64_t page, pages, begin, end;
};

// out[m][0, H) for M heads, E elements at once of the `together` that lie together.
template <class Isa, class Cache, int M, int E>
inline void sum_heads(const Attention& a, const Slots<typename Cache::Element>& slots, int64_t together,
                      const float* weights, float* out) {
  const int64_t head = a.head_dim;
  for (int64_t h = 0; h < head; h += E) {
    const int64_t offset = h / together * together * a.n_slots + (slots.page * together + h % together) * kPage;
    sum_values<Isa, Cache, M, E>(slots.values + offset, together * kPage, slots.pages, weights, out + h, head + 2);
  }
}

// M heads that share a KV head: out[m] are H sums, peak and total. As a call of its own it costs small heads 5 %.
template <class Isa, class Cache, int M>
[[gnu::always_inline]] inline void attend_heads(const Attention& a, const Slots<typename Cache::Element>& slots,
                                                const float* q, float* scores, float* out) {
  const int64_t head = a.head_dim, pages = slots.pages, page_size = head * kPage;
  const auto* keys = slots.keys + slots.page * page_size;
  for (int64_t t = 0; t < pages; ++t) score_page<Isa, Cache, M>(keys + t * page_size, head, q, scores + t * kPage);
  for (int m = 0; m < M; ++m) {
    float* row = scores + m * kSplit;
    if (a.score_cap > 0) cap<Isa>(row, pages * kPage, a.score_cap);
    const int64_t before = slots.begin - slots.page * kPage, after = slots.end - slots.page * kPage;
    for (int64_t slot = 0; slot < before; ++slot) row[slot] = kMasked;
    for (int64_t slot = after; slot < pages * kPage; ++slot) row[slot] = kMasked;
    float* to = out + m * (head + 2);
    to[head] = softmax<Isa>(row, pages * kPage, to + head + 1);
  }
  constexpr int kMost = M == 1 ? 16 : 4;
  const int64_t together = elements_together(head);
  if (together % kMost == 0) return sum_heads<Isa, Cache, M, kMost>(a, slots, together, scores, out);
  if (together % 4 == 0) return sum_heads<Isa, Cache, M, 4>(a, slots, together, scores, out);
  sum_heads<Isa, Cache, M, 1>(a, slots, together, scores, out);
}

// What of a KV head's slots a split has; pages that left the window are not looked at.
template <class Element>
inline Slots<Element> slots_of(const Attention& a, int64_t kv, int64_t split) {
  const int64_t now = a.position + 1, oldest = now > a.window ? now - a.window : 0;
  const int64_t first = (oldest / kSplit + split) * kSplit;
  Slots<Element> slots;
  slots.keys = static_cast<const Element*>(a.keys) + kv * a.n_slots * a.head_dim;
  slots.values = static_cast<const Element*>(a.values) + kv * a.n_slots * a.head_dim;
  slots.begin = first > oldest ? first : oldest;
  slots.end = first + kSplit < now ? first + kSplit : now;
  slots.page = slots.begin / kPage;
  slots.pages = (slots.end + kPage - 1) / kPage - slots.page;
  return slots;
}

template <class Isa>
void attend_one(const Attention& a, DecodeScratch& scratch, int64_t first_head, int64_t count, int64_t split) noexcept {
  with_cache(a.type, [&](auto cache) {
    using Cache = decltype(cache);
    const int64_t head = a.head_dim, kv = first_head / (a.n_heads / a.n_kv_heads);
    const auto slots = slots_of<typename Cache::Element>(a, kv, split);
    float *q = scratch.queries, *scores = scratch.scores;
    float* out = a.partial + (split * a.n_heads + first_head) * (head + 2);
    for (int64_t i = 0; i < count; ++i) {
      prepare_query<Isa>(a, 0, first_head + i, q + i * head);
    }
    leave(a.stamp, Step::kTurn);
    if (count == kHeadsAtOnce) return attend_heads<Isa, Cache, kHeadsAtOnce>(a, slots, q, scores, out);
    for (int64_t i = 0; i < count; ++i)
      attend_heads<Isa, Cache, 1>(a, slots, q + i * head, scores, out + i * (head + 2));
  });
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
