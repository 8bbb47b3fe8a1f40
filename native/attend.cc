// Attention: its arguments, and how threads share it.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "arguments.h"
#include "operations.h"
#include "runtime.h"
#include "trace.h"

namespace smjax {
namespace {

// Below this a fork and join, 0.4 µs, costs more than a second thread gains (measured on two cores of an EPYC).
constexpr int64_t kCacheWorthSharing = 32 * 1024;

int64_t element_bytes(CacheType type) { return type == CacheType::kF32 ? 4 : 2; }

Complaint read_cache(const Tensor& cache, Attention& a) {
  const Shape& shape = cache.shape;
  if (shape.size() != 6 || shape[0] != 2 || shape[5] != kPage || cache.size() < 1 || cache.size() >= Tensor::kTooMany) {
    return "cache: expected [2, L, K, S/16, H, 16], found " + text(shape);
  }
  switch (cache.type) {
    case Type::kF16: a.type = CacheType::kF16; break;
    case Type::kBf16: a.type = CacheType::kBf16; break;
    case Type::kF32: a.type = CacheType::kF32; break;
    default: return std::string("cache: expected f16, bf16 or f32, found ") + name(cache.type);
  }
  a.n_kv_heads = shape[2];
  a.n_slots = shape[3] * kPage;
  a.head_dim = shape[4];
  if (a.head_dim > kMaxHead) return "head: expected at most 512 elements, found " + std::to_string(a.head_dim);
  return expect("cache", cache, cache.type, shape);
}

Complaint read_heads(const AttentionTensors& t, Attention& a) {
  a.n_queries = first_size(t.qkv);
  if (a.n_queries < 1) return "qkv: expected at least one query, found " + text(t.qkv.shape);
  a.n_heads = t.out.shape.size() == 2 ? t.out.shape[1] / a.head_dim : 0;
  if (a.n_heads < 1 || a.n_heads % a.n_kv_heads) {
    return "heads: expected a multiple of the KV heads, found " + std::to_string(a.n_heads);
  }
  return {};
}

// [L, H] for all heads or [L, heads, H] for each; nothing where heads are not normalised.
Complaint check_head_norm(const char* what, const Tensor& weight, const HeadStyle& style, int64_t layers, int64_t heads,
                          int64_t head) {
  if (style.norm == int32_t(HeadNormKind::kNone)) return expect_that(weight.size() == 0, "weights with a norm alone");
  const bool whole = style.norm == int32_t(HeadNormKind::kWholeRms);
  if (!whole && weight.shape == Shape({layers, head})) return expect(what, weight, Type::kF32, {layers, head});
  return expect(what, weight, Type::kF32, {layers, heads * head});
}

Complaint check_style(const HeadStyle& style, const AttentionTensors& t, const Attention& a) {
  const int64_t layers = t.cache.shape[1];
  return first_of(expect_that(style.norm >= 0 && style.norm <= 3, "a norm of heads from 0 to 3"),
                  check_head_norm("query_norm", t.query_norm, style, layers, a.n_heads, a.head_dim),
                  check_head_norm("key_norm", t.key_norm, style, layers, a.n_kv_heads, a.head_dim));
}

// [T, 2, R/2] of an even number of a head's elements.
Complaint check_rotation(const Tensor& rotation, Attention& a) {
  if (rotation.size() == 0) return expect_or_empty("rotation", rotation, Type::kF32, {});
  a.rotated = rotation.shape.size() == 3 ? 2 * rotation.shape[2] : 0;
  return first_of(expect("rotation", rotation, Type::kF32, {a.n_queries, 2, a.rotated / 2}),
                  expect_that(a.rotated <= a.head_dim, "at most the head to be rotated"));
}

Complaint check_attention(const AttentionTensors& t, Windows windows, const Attention& a) {
  const int64_t layers = t.cache.shape[1], width = (a.n_heads + 2 * a.n_kv_heads) * a.head_dim;
  return first_of(expect_index("layer", t.layer, layers), expect("qkv", t.qkv, Type::kF32, {a.n_queries, width}),
                  expect("out", t.out, Type::kF32, {a.n_queries, a.n_heads * a.head_dim}),
                  expect_that(windows.n_layers == layers, "a window of every layer"),
                  expect_index("position", t.position, a.n_slots - a.n_queries + 1));
}

HeadNorm head_norm(const HeadStyle& style, const Tensor& weight, int64_t layer, int64_t head) {
  if (style.norm == int32_t(HeadNormKind::kNone)) return {};
  const int64_t size = weight.shape[1];
  return {HeadNormKind(style.norm), static_cast<const float*>(weight.data) + layer * size, size == head,
          style.norm_eps};
}

void read_tensors(const HeadStyle& style, Windows windows, const AttentionTensors& t, Attention& a) {
  const int64_t layers = t.cache.shape[1], layer = *static_cast<const int32_t*>(t.layer.data);
  const int64_t layer_bytes = a.n_kv_heads * a.n_slots * a.head_dim * element_bytes(a.type);
  auto* cache = static_cast<uint8_t*>(t.cache.data);
  a.keys = cache + layer * layer_bytes;
  a.values = cache + (layers + layer) * layer_bytes;
  a.position = *static_cast<const int32_t*>(t.position.data);
  a.window = windows.slots[layer] > 0 ? windows.slots[layer] : a.n_slots;
  a.scale = style.scale;
  a.score_cap = style.score_cap;
  a.halves = style.halves != 0;
  a.query_norm = head_norm(style, t.query_norm, layer, a.head_dim);
  a.key_norm = head_norm(style, t.key_norm, layer, a.head_dim);
  a.qkv = static_cast<const float*>(t.qkv.data);
  a.rotation = t.rotation.size() ? static_cast<const float*>(t.rotation.data) : nullptr;
  a.out = static_cast<float*>(t.out.data);
  a.stamp = stamping();
}

// out[H] of one head = the splits' sums, each weighted by how its peak compares with the largest, over their total. A
// split's are `apart` floats after those of the one before.
void merge_head(const float* first, int64_t head, int64_t splits, int64_t apart, float* out) {
  if (splits == 1) {
    const float inverse = 1 / first[head + 1];
    for (int64_t h = 0; h < head; ++h) out[h] = first[h] * inverse;
    return;
  }
  float peak = first[head], total = 0;
  for (int64_t s = 1; s < splits; ++s) peak = std::max(peak, first[s * apart + head]);
  std::fill(out, out + head, 0.0f);
  for (int64_t s = 0; s < splits; ++s) {
    const float* part = first + s * apart;
    const float weight = std::exp(part[head] - peak);
    total += weight * part[head + 1];
    for (int64_t h = 0; h < head; ++h) out[h] += weight * part[h];
  }
  for (int64_t h = 0; h < head; ++h) out[h] /= total;
}

void attend_one(const Turn& r, Attention& a) {
  const int64_t end = a.position + 1, oldest = std::max<int64_t>(0, end - a.window), stride = a.head_dim + 2;
  const int64_t splits = (end - 1) / kSplit - oldest / kSplit + 1;
  const int64_t of_kv = a.n_heads / a.n_kv_heads, parts = (of_kv + kHeadsAtOnce - 1) / kHeadsAtOnce;
  const int64_t items = a.n_kv_heads * parts * splits;
  r->shared.reserve(splits * a.n_heads * stride * int64_t(sizeof(float)));
  r->own.reserve(sizeof(DecodeScratch));
  a.partial = reinterpret_cast<float*>(r->shared.of());
  stamp(Step::kEnter);
  for (int64_t kv = 0; kv < a.n_kv_heads; ++kv) r->kernel->remember(a, kv, 0, 1);
  stamp(Step::kRemember);
  const auto work = [&](int thread, Share part) noexcept {
    auto& scratch = *reinterpret_cast<DecodeScratch*>(r->own.of(thread));
    for (int64_t i = part.begin; i < part.end; ++i) {
      const int64_t heads = i / splits, first = heads % parts * kHeadsAtOnce;
      const int64_t count = std::min<int64_t>(kHeadsAtOnce, of_kv - first);
      r->kernel->attend_one(a, scratch, heads / parts * of_kv + first, count, i % splits);
      stamp(Step::kAttend);
    }
  };
  const int64_t bytes_of_slot = 2 * a.n_kv_heads * a.head_dim * element_bytes(a.type);
  if (std::min(a.window, end) * bytes_of_slot < kCacheWorthSharing) {
    work(0, {0, items});
  } else {
    r->pool.run([&](int thread) noexcept { work(thread, share(items, thread, r->pool.size())); });
  }
  for (int64_t n = 0; n < a.n_heads; ++n) {
    merge_head(a.partial + n * stride, a.head_dim, splits, a.n_heads * stride, a.out + n * a.head_dim);
  }
}

void attend_many(const Turn& r, const Attention& a) {
  const int64_t pages = round_up(a.n_queries, kPage) / kPage;
  const int64_t spans = round_up(a.n_queries, kQueriesAtOnce) / kQueriesAtOnce;
  r->own.reserve(sizeof(PrefillScratch));
  std::atomic<int64_t> next{0};
  stamp(Step::kEnter);
  r->pool.run([&](int) noexcept {
    for (int64_t i; (i = next.fetch_add(1)) < a.n_kv_heads * pages;) {
      const int64_t first = i % pages * kPage;
      r->kernel->remember(a, i / pages, first, std::min(first + kPage, a.n_queries));
    }
    stamp(Step::kRemember);
  });
  next = 0;
  r->pool.run([&](int thread) noexcept {  // the longest first
    auto& scratch = *reinterpret_cast<PrefillScratch*>(r->own.of(thread));
    for (int64_t i; (i = next.fetch_add(1)) < a.n_heads * spans;) {
      r->kernel->attend_many(a, scratch, i % a.n_heads, (spans - 1 - i / a.n_heads) * kQueriesAtOnce);
      stamp(Step::kAttend);
    }
  });
}

}  // namespace

Complaint attend(const HeadStyle& style, Windows windows, const AttentionTensors& t) {
  const Traced traced(Operation::kAttend, t.cache, t.layer);
  Attention a;
  if (Complaint c = read_cache(t.cache, a); !c.empty()) return c;
  if (Complaint c = read_heads(t, a); !c.empty()) return c;
  if (Complaint c = check_attention(t, windows, a); !c.empty()) return c;
  if (Complaint c = check_rotation(t.rotation, a); !c.empty()) return c;
  if (Complaint c = check_style(style, t, a); !c.empty()) return c;
  read_tensors(style, windows, t, a);
  const Turn turn;
  if (a.n_queries == 1) {
    attend_one(turn, a);
  } else {
    attend_many(turn, a);
  }
  return {};
}

}  // namespace smjax
