// Attention of many positions over blocks of slots with a running softmax (prefill). Vectors run along queries.
//
// Reference: Milakov and Gimelshein 2018 (online softmax).
#pragma once

#include <cstring>

#include "../kernel.h"
#include "cache.h"
#include "math.h"

namespace smjax {
inline namespace SMJAX_TARGET {

// rows[m][queries] += sum over k of a(m, k) * b[k][queries], M rows at once; a(m, k) = a[m * row + k * column].
template <class Isa, int M>
inline void add_outer(const float* a, int64_t row, int64_t column, const float* b, int64_t n, float* rows) {
  using F = typename Isa::F;
  constexpr int kVectors = 2;
  for (int64_t part = 0; part < kQueriesAtOnce; part += kVectors * Isa::kLanes) {
    constexpr int V = kQueriesAtOnce < kVectors * Isa::kLanes ? int(kQueriesAtOnce) / Isa::kLanes : kVectors;
    F sums[M][V];
    for (int m = 0; m < M; ++m) {
      for (int v = 0; v < V; ++v) sums[m][v] = Isa::load(rows + m * kQueriesAtOnce + part + v * Isa::kLanes);
    }
    for (int64_t k = 0; k < n; ++k) {
      F x[V];
      for (int v = 0; v < V; ++v) x[v] = Isa::load(b + k * kQueriesAtOnce + part + v * Isa::kLanes);
      for (int m = 0; m < M; ++m) {
        const F element = Isa::set(a[m * row + k * column]);
        for (int v = 0; v < V; ++v) sums[m][v] = Isa::fma(element, x[v], sums[m][v]);
      }
    }
    for (int m = 0; m < M; ++m) {
      for (int v = 0; v < V; ++v) Isa::store(rows + m * kQueriesAtOnce + part + v * Isa::kLanes, sums[m][v]);
    }
  }
}

// Masks the scores of `slots` slots from `slot` on: a query sees its own position and `window - 1` before it.
template <class Isa>
inline void mask(float* scores, int64_t slots, int64_t slot, int64_t position, int64_t window) {
  using F = typename Isa::F;
  float lanes[kQueriesAtOnce];
  for (int64_t t = 0; t < kQueriesAtOnce; ++t) lanes[t] = float(t);
  for (int64_t s = 0; s < slots; ++s) {
    const float ahead = float(position - slot - s);  // of query 0; a negative age is the future
    for (int64_t t = 0; t < kQueriesAtOnce; t += Isa::kLanes) {
      const F age = Isa::add(Isa::load(lanes + t), Isa::set(ahead));
      const F room = Isa::min(age, Isa::sub(Isa::set(float(window - 1)), age));
      const F penalty = Isa::mul(Isa::min(room, Isa::set(0)), Isa::set(1e30f));
      Isa::store(scores + s * kQueriesAtOnce + t, Isa::add(Isa::load(scores + s * kQueriesAtOnce + t), penalty));
    }
  }
}

// The queries of one head that are attended for together.
struct Span {
  int64_t head, n, kv, first, count, position, last_position;  // positions of the first and the last query

  Span(const Attention& a, int64_t n_head, int64_t first_query)
      : head(a.head_dim),
        n(n_head),
        kv(n_head / (a.n_heads / a.n_kv_heads)),
        first(first_query),
        count(a.n_queries - first_query < kQueriesAtOnce ? a.n_queries - first_query : kQueriesAtOnce),
        position(a.position + first_query),
        last_position(position + count - 1) {}
};

template <class Isa>
inline void begin_span(const Attention& a, const Span& span, PrefillScratch& scratch) {
  const size_t bytes = sizeof(float) * size_t(span.head * kQueriesAtOnce);
  std::memset(scratch.queries, 0, bytes);
  std::memset(scratch.sums, 0, bytes);
  for (int64_t t = 0; t < kQueriesAtOnce; ++t) scratch.peaks[t] = kMasked, scratch.totals[t] = 0;
  for (int64_t t = 0; t < span.count; ++t) {
    float row[kMaxHead];
    prepare_query<Isa>(a, span.first + t, span.n, row);
    for (int64_t h = 0; h < span.head; ++h) scratch.queries[h * kQueriesAtOnce + t] = row[h];
  }
}

// Slots [slot, slot + slots) of one head as floats, [pages][H][16]; `together` elements of a head lie together.
template <class Isa, class Cache>
inline void widen(const typename Cache::Element* from, int64_t n_slots, int64_t head, int64_t slot, int64_t slots,
                  int64_t together, float* to) {
  const int64_t size = together * kPage;
  from += slot * together;
  for (int64_t h = 0; h < head; h += together, from += n_slots * together) {
    for (int64_t t = 0; t < slots / kPage; ++t) {
      float* page = to + (t * head + h) * kPage;
      for (int64_t i = 0; i < size; i += Isa::kLanes)
        Isa::store(page + i, Cache::template load<Isa>(from + t * size + i));
    }
  }
}

// scores[slots][32] of the keys in scratch.slots.
template <class Isa>
inline void score_slots(const Attention& a, const Span& span, int64_t slot, int64_t slots, PrefillScratch& scratch) {
  float* scores = scratch.scores;
  std::memset(scores, 0, sizeof(float) * size_t(slots * kQueriesAtOnce));
  for (int64_t s = 0; s < slots; s += 4) {
    const float* keys = scratch.slots + s / kPage * span.head * kPage + s % kPage;
    add_outer<Isa, 4>(keys, 1, kPage, scratch.queries, span.head, scores + s * kQueriesAtOnce);
  }
  if (a.score_cap > 0) cap<Isa>(scores, slots * kQueriesAtOnce, a.score_cap);
  const bool all_visible = slot + slots - 1 <= span.position && slot > span.last_position - a.window;
  if (!all_visible) mask<Isa>(scores, slots, slot, span.position, a.window);
}

// Weights e^(score - peak) in place of the scores; what was summed with an earlier peak fades.
template <class Isa>
inline void weigh_slots(int64_t head, int64_t slots, PrefillScratch& scratch) {
  using F = typename Isa::F;
  for (int64_t t = 0; t < kQueriesAtOnce; t += Isa::kLanes) {
    float *scores = scratch.scores + t, *peaks = scratch.peaks + t, *totals = scratch.totals + t,
          *sums = scratch.sums + t;
    F top = Isa::load(peaks), sum = Isa::set(0);
    for (int64_t s = 0; s < slots; ++s) top = Isa::max(top, Isa::load(scores + s * kQueriesAtOnce));
    const F faded = exp<Isa>(Isa::sub(Isa::load(peaks), top));
    for (int64_t s = 0; s < slots; ++s) {
      const F weight = exp<Isa>(Isa::sub(Isa::load(scores + s * kQueriesAtOnce), top));
      Isa::store(scores + s * kQueriesAtOnce, weight);
      sum = Isa::add(sum, weight);
    }
    Isa::store(peaks, top);
    Isa::store(totals, Isa::fma(Isa::load(totals), faded, sum));
    for (int64_t h = 0; h < head; ++h) {
      Isa::store(sums + h * kQueriesAtOnce, Isa::mul(Isa::load(sums + h * kQueriesAtOnce), faded));
    }
  }
}

// sums[H][32] += the values in scratch.slots, weighted.
template <class Isa>
inline void add_values(int64_t head, int64_t slots, PrefillScratch& scratch) {
  for (int64_t page = 0; page < slots / kPage; ++page) {
    const float* values = scratch.slots + page * head * kPage;
    const float* weights = scratch.scores + page * kPage * kQueriesAtOnce;
    int64_t h = 0;
    for (; h + 4 <= head; h += 4) {
      add_outer<Isa, 4>(values + h * kPage, kPage, 1, weights, kPage, scratch.sums + h * kQueriesAtOnce);
    }
    for (; h < head; ++h) {
      add_outer<Isa, 1>(values + h * kPage, kPage, 1, weights, kPage, scratch.sums + h * kQueriesAtOnce);
    }
  }
}

template <class Isa, class Cache>
inline void attend_span(const Attention& a, const Span& span, PrefillScratch& scratch) {
  using Element = typename Cache::Element;
  const int64_t head = span.head, skip = span.kv * a.n_slots * head;
  const Element *keys = static_cast<const Element*>(a.keys) + skip,
                *values = static_cast<const Element*>(a.values) + skip;
  const int64_t oldest = span.position - a.window + 1 > 0 ? span.position - a.window + 1 : 0;
  for (int64_t slot = oldest / kSlotsAtOnce * kSlotsAtOnce; slot <= span.last_position; slot += kSlotsAtOnce) {
    const int64_t left = round_up(span.last_position + 1 - slot, kPage),
                  slots = left < kSlotsAtOnce ? left : kSlotsAtOnce;
    widen<Isa, Cache>(keys, a.n_slots, head, slot, slots, head, scratch.slots);
    score_slots<Isa>(a, span, slot, slots, scratch);
    weigh_slots<Isa>(head, slots, scratch);
    widen<Isa, Cache>(values, a.n_slots, head, slot, slots, elements_together(head), scratch.slots);
    add_values<Isa>(head, slots, scratch);
  }
}

template <class Isa>
void attend_many(const Attention& a, PrefillScratch& scratch, int64_t n, int64_t first) noexcept {
  const Span span(a, n, first);
  begin_span<Isa>(a, span, scratch);
  leave(a.stamp, Step::kTurn);
  with_cache(a.type, [&](auto cache) { attend_span<Isa, decltype(cache)>(a, span, scratch); });
  for (int64_t t = 0; t < span.count; ++t) {
    float* to = a.out + ((first + t) * a.n_heads + n) * span.head;
    for (int64_t h = 0; h < span.head; ++h) to[h] = scratch.sums[h * kQueriesAtOnce + t] / scratch.totals[t];
  }
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
