// Attention, decode and prefill, over caches of all types.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "../half.h"
#include "check.h"

namespace smjax::tests {
namespace {

constexpr int64_t kLayers = 2, kLayer = 1;
constexpr int32_t kOtherWindow = 3;  // of the layer that is not used

struct Case {
  int64_t head, kv_heads, group;
  int32_t window;  // 0: all
  Type type;
  bool rotated;
  float scale;
  int64_t turned = 0;        // of each head, where it is not the whole
  HeadStyle style = {};      // but for the scale
  bool shared_norm = false;  // one head's weights for all heads

  int64_t n_turned() const { return turned ? turned : head; }

  int64_t heads() const { return kv_heads * group; }
  int64_t norm_size(int64_t count) const { return (shared_norm ? 1 : count) * head; }
  int64_t width() const { return (heads() + 2 * kv_heads) * head; }
  std::string text() const {
    return "head " + std::to_string(head) + ", " + std::to_string(group) + " to each of " + std::to_string(kv_heads) +
           ", window " + std::to_string(window) + ", cache of type " + std::to_string(int(type)) +
           (rotated ? ", rotated " + std::to_string(n_turned()) : "") + ", norm " + std::to_string(style.norm) +
           (shared_norm ? " of one head's weights" : "") + (style.halves ? ", halves" : "") +
           (style.score_cap > 0 ? ", capped" : "");
  }
};

// Finite where nothing is written yet, as a cache that begins with zeros stays, but large: it may not count.
class Cache {
 public:
  Cache(const Case& s, int64_t n_slots)
      : shape_{2, kLayers, s.kv_heads, n_slots / kPage, s.head, kPage},
        type_(s.type),
        element_(s.type == Type::kF32 ? 4 : 2),
        bytes_(size_t(2 * kLayers * s.kv_heads * n_slots * s.head) * element_, 0x45) {}

  Tensor tensor() { return {bytes_.data(), type_, shape_}; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

  // Elements of a layer that were written since.
  int64_t written(int64_t layer) const {
    const size_t part = bytes_.size() / (2 * kLayers);
    int64_t n = 0;
    for (size_t i = 0; i < bytes_.size(); i += element_) {
      if (int64_t(i / part) % kLayers != layer) continue;
      n += std::any_of(&bytes_[i], &bytes_[i] + element_, [](uint8_t byte) { return byte != 0x45; });
    }
    return n;
  }

 private:
  Shape shape_;
  Type type_;
  size_t element_;
  std::vector<uint8_t> bytes_;
};

struct Inputs {
  std::vector<float> qkv, rotation;         // [T, width], [T, 2, turned / 2]
  std::vector<float> query_norm, key_norm;  // [L, heads, head], or [L, head] for all

  Inputs(const Case& s, int64_t n, Random& random) : qkv(random.normals(n * s.width())) {
    if (s.style.norm) {
      query_norm = random.normals(kLayers * s.norm_size(s.heads()));
      key_norm = random.normals(kLayers * s.norm_size(s.kv_heads));
    }
    if (!s.rotated) return;
    for (int64_t t = 0; t < n; ++t) {
      for (int part = 0; part < 2; ++part) {
        for (int64_t i = 0; i < s.n_turned() / 2; ++i) {
          const double angle = double(t) * std::pow(100.0, -double(2 * i) / double(s.n_turned()));
          rotation.push_back(float(part ? std::sin(angle) : std::cos(angle)));
        }
      }
    }
  }
};

// Attends for positions [first, first + n) of the inputs: [n, heads * head].
std::vector<float> run(const Case& s, Inputs& inputs, Cache& cache, int64_t first, int64_t n) {
  std::vector<float> out(size_t(n * s.heads() * s.head), NAN);
  int32_t layer = kLayer, position = int32_t(first);
  const int32_t windows[kLayers] = {kOtherWindow, s.window};
  Tensor rotation = no_tensor();
  if (s.rotated) rotation = {inputs.rotation.data() + first * s.n_turned(), Type::kF32, {n, 2, s.n_turned() / 2}};
  const Tensor qkv = {inputs.qkv.data() + first * s.width(), Type::kF32, {n, s.width()}};
  HeadStyle style = s.style;
  style.scale = s.scale;
  AttentionTensors tensors = {cache.tensor(),   tensor(layer), qkv,
                              tensor(position), rotation,      tensor(out, {n, s.heads() * s.head})};
  if (style.norm) {
    tensors.query_norm = tensor(inputs.query_norm, {kLayers, s.norm_size(s.heads())});
    tensors.key_norm = tensor(inputs.key_norm, {kLayers, s.norm_size(s.kv_heads)});
  }
  const Complaint complaint = attend(style, {windows, kLayers}, tensors);
  check(complaint.empty(), "attend: " + complaint);
  return out;
}

double as_stored(double value, Type type) {
  const auto v = float(value);
  if (type == Type::kF16) return double(half_to_float(float_to_half(v)));
  return type == Type::kBf16 ? double(bfloat_to_float(float_to_bfloat(v))) : double(v);
}

// [H] of one head, normalised as the case has it: alone or with all `count` heads from `first` on.
std::vector<double> normalised(const Case& s, const Inputs& inputs, int64_t position, int64_t head) {
  const bool is_key = head >= s.heads(), whole = s.style.norm == int32_t(HeadNormKind::kWholeRms);
  const int64_t first = is_key ? s.heads() : 0, count = is_key ? s.kv_heads : s.heads();
  const float* x = inputs.qkv.data() + position * s.width() + head * s.head;
  const float* together = whole ? inputs.qkv.data() + position * s.width() + first * s.head : x;
  const int64_t n = whole ? count * s.head : s.head;
  double mean = 0, square = 0;
  if (s.style.norm == int32_t(HeadNormKind::kLayer)) {
    for (int64_t i = 0; i < n; ++i) mean += double(together[i]) / double(n);
  }
  for (int64_t i = 0; i < n; ++i) square += std::pow(double(together[i]) - mean, 2) / double(n);
  const float* weight = (is_key ? inputs.key_norm : inputs.query_norm).data() + kLayer * s.norm_size(count) +
                        (s.shared_norm ? 0 : head - first) * s.head;
  std::vector<double> out;
  for (int64_t h = 0; h < s.head; ++h) {
    out.push_back((double(x[h]) - mean) / std::sqrt(square + double(s.style.norm_eps)) * double(weight[h]));
  }
  return out;
}

// [H] of what lies at `head` of the queries and keys of one position, as attention compares it.
std::vector<double> vector_at(const Case& s, const Inputs& inputs, int64_t position, int64_t head) {
  const float* stored = inputs.qkv.data() + position * s.width() + head * s.head;
  const std::vector<double> x =
      s.style.norm ? normalised(s, inputs, position, head) : std::vector<double>(stored, stored + s.head);
  std::vector<double> out = x;
  if (!s.rotated) return out;
  const int64_t pairs = s.n_turned() / 2;
  const float* cosines = inputs.rotation.data() + position * s.n_turned();
  for (int64_t i = 0; i < pairs; ++i) {
    const size_t one = size_t(s.style.halves ? i : 2 * i), other = size_t(s.style.halves ? i + pairs : 2 * i + 1);
    const double cosine = double(cosines[i]), sine = double(cosines[pairs + i]);
    out[one] = x[one] * cosine - x[other] * sine;
    out[other] = x[one] * sine + x[other] * cosine;
  }
  return out;
}

// [positions][kv heads] vectors as the cache holds them.
using Stored = std::vector<std::vector<double>>;

Stored stored(const Case& s, const Inputs& inputs, int64_t n, bool keys) {
  Stored all;
  for (int64_t i = 0; i < n * s.kv_heads; ++i) {
    const int64_t position = i / s.kv_heads, kv = i % s.kv_heads;
    const float* value = inputs.qkv.data() + position * s.width() + (s.heads() + s.kv_heads + kv) * s.head;
    all.push_back(keys ? vector_at(s, inputs, position, s.heads() + kv) : std::vector<double>(value, value + s.head));
    for (double& v : all.back()) v = as_stored(v, s.type);
  }
  return all;
}

void append_head(const Case& s, const Inputs& inputs, const Stored& keys, const Stored& values, int64_t position,
                 int64_t head, std::vector<double>& out) {
  const std::vector<double> q = vector_at(s, inputs, position, head);
  const int64_t oldest = s.window ? std::max<int64_t>(0, position + 1 - s.window) : 0;
  std::vector<double> weights;
  for (int64_t slot = oldest; slot <= position; ++slot) {
    const std::vector<double>& key = keys[size_t(slot * s.kv_heads + head / s.group)];
    double score = 0;
    for (size_t h = 0; h < q.size(); ++h) score += q[h] * key[h] * double(s.scale);
    const auto cap = double(s.style.score_cap);
    weights.push_back(cap > 0 ? cap * std::tanh(score / cap) : score);
  }
  const double peak = *std::max_element(weights.begin(), weights.end());
  double total = 0;
  for (double& w : weights) total += w = std::exp(w - peak);
  std::vector<double> sums(q.size());
  for (int64_t slot = oldest; slot <= position; ++slot) {
    const std::vector<double>& value = values[size_t(slot * s.kv_heads + head / s.group)];
    for (size_t h = 0; h < q.size(); ++h) sums[h] += weights[size_t(slot - oldest)] / total * value[h];
  }
  out.insert(out.end(), sums.begin(), sums.end());
}

std::vector<double> expected(const Case& s, const Inputs& inputs, int64_t first, int64_t end) {
  const Stored keys = stored(s, inputs, end, true);
  const Stored values = stored(s, inputs, end, false);
  std::vector<double> out;
  for (int64_t position = first; position < end; ++position) {
    for (int64_t head = 0; head < s.heads(); ++head) append_head(s, inputs, keys, values, position, head, out);
  }
  return out;
}

// Rotated keys may be rounded to the other neighbour where double and float differ.
double tolerance(const Case& s) { return s.type == Type::kF32 ? 1e-11 : s.type == Type::kF16 ? 1e-8 : 1e-6; }

// Positions as the parts cut them, with `filled` of them already there: those were written with a window of 1, which
// takes no time.
void check_answer(const Case& s, int64_t filled, const std::vector<int64_t>& parts, Random& random) {
  const int64_t n = std::accumulate(parts.begin(), parts.end(), filled);
  Inputs inputs(s, n, random);
  const std::string what = "attention, " + s.text() + ", position " + std::to_string(filled);
  check_everywhere(expected(s, inputs, filled, n), tolerance(s), what, [&] {
    Cache cache(s, round_up(n, kPage));
    Case narrow = s;
    narrow.window = 1;
    if (filled) run(narrow, inputs, cache, 0, filled);
    std::vector<float> all;
    int64_t position = filled;
    for (int64_t part : parts) {
      const std::vector<float> out = run(s, inputs, cache, position, part);
      all.insert(all.end(), out.begin(), out.end());
      position += part;
    }
    return all;
  });
}

std::vector<int64_t> one_by_one(int64_t prompt, int64_t tokens, int64_t prompt2 = 0, int64_t tokens2 = 0) {
  std::vector<int64_t> parts;
  if (prompt) parts.push_back(prompt);
  parts.insert(parts.end(), size_t(tokens), 1);
  if (prompt2) parts.push_back(prompt2);
  parts.insert(parts.end(), size_t(tokens2), 1);
  return parts;
}

// The cache is the same, byte by byte, however it is filled, and no more of it is written than has to be.
void check_cache(const Case& s, Random& random) {
  constexpr int64_t kSlots = 64, kFirst = 13, kCount = 37;
  Inputs inputs(s, kSlots, random);
  everywhere([&](const Setting& setting) {
    const std::string where = s.text() + ", " + setting.text();
    Cache at_once(s, kSlots), each(s, kSlots);
    run(s, inputs, at_once, kFirst, kCount);
    for (int64_t i = 0; i < kCount; ++i) run(s, inputs, each, kFirst + i, 1);
    check(at_once.bytes() == each.bytes(), "cache of prefill and decode, " + where);
    check(at_once.written(kLayer) == 2 * s.kv_heads * kCount * s.head, "cache of this layer, " + where);
    check(at_once.written(1 - kLayer) == 0, "cache of the other layer, " + where);
  });
}

}  // namespace

void test_attention() {
  Random random(6);
  for (Type type : {Type::kF16, Type::kBf16, Type::kF32}) {
    check_answer({4, 3, 1, 0, type, false, 0.5f}, 0, one_by_one(0, 70), random);
    check_answer({5, 2, 4, 0, type, false, 0.4f}, 0, one_by_one(5, 30, 40, 3), random);
    check_answer({6, 1, 8, 100, type, true, 0.4f}, 0, one_by_one(251, 10, 33, 2), random);
    check_answer({48, 2, 4, 0, type, true, 0.14f}, 0, one_by_one(90, 9), random);
    check_answer({64, 2, 1, 7, type, false, 1.0f}, 0, one_by_one(31, 20, 65, 2), random);
    check_answer({64, 1, 4, 1, type, true, 0.125f}, 0, one_by_one(40, 5), random);
    check_cache({6, 2, 4, 0, type, true, 0.4f}, random);
    check_cache({64, 3, 1, 9, type, false, 0.125f}, random);
  }
  // Chunks of slots: one and a little, a window over the border of two, and three.
  check_answer({6, 1, 5, 0, Type::kF16, true, 0.4f}, kSplit - 3, one_by_one(0, 6, 35, 2), random);
  check_answer({4, 2, 1, 100, Type::kF32, true, 0.5f}, kSplit - 3, one_by_one(0, 6, 20), random);
  check_answer({4, 1, 1, 0, Type::kF32, false, 3.0f}, 2 * kSplit + 5, one_by_one(0, 2), random);
  check_answer({64, 4, 2, 0, Type::kF32, true, 4.0f}, 0, one_by_one(60, 20), random);  // scores of some hundreds
  check_answer({512, 1, 1, 0, Type::kF32, true, 0.05f}, 0, one_by_one(20, 20), random);
  // Heads that are turned in part, in halves, normalised, capped; see HeadStyle.
  for (Type type : {Type::kF16, Type::kF32}) {
    check_answer({64, 2, 2, 0, type, true, 0.125f, 16}, 0, one_by_one(40, 5, 33), random);
    check_answer({64, 2, 2, 20, type, true, 0.125f, 0, {1, 0, 0, 0, 1}}, 0, one_by_one(40, 5, 33), random);
    check_answer({20, 2, 4, 0, type, true, 0.2f, 6, {1, 0, 0, 0, 1}}, 0, one_by_one(7, 20, 40), random);
    check_answer({32, 2, 4, 0, type, true, 0.2f, 0, {1, 0, 1e-6f, 1, 1}}, 0, one_by_one(40, 5, 33), random);
    check_answer({32, 2, 4, 0, type, true, 0.2f, 0, {1, 0, 1e-6f, 1, 1}, true}, 0, one_by_one(40, 5, 33), random);
    check_answer({20, 2, 3, 0, type, true, 0.2f, 8, {1, 0, 1e-5f, 2, 1}}, 0, one_by_one(40, 5, 33), random);
    check_answer({32, 2, 4, 0, type, false, 0.2f, 0, {1, 0, 0.1f, 3, 0}}, 0, one_by_one(40, 5, 33), random);
    check_answer({64, 2, 4, 25, type, true, 2.0f, 0, {1, 5.0f, 0, 0, 1}}, 0, one_by_one(40, 5, 33), random);
    check_answer({4, 1, 2, 0, type, true, 3.0f, 0, {1, 2.0f, 1e-6f, 1, 1}, true}, kSplit - 3, one_by_one(0, 6), random);
    check_answer({16, 1, 1, 0, type, true, 9.0f, 0, {1, 50.0f, 0, 0, 0}}, 0, one_by_one(40, 5, 33), random);
    check_cache({20, 2, 4, 0, type, true, 0.4f, 6, {1, 0, 1e-6f, 1, 1}}, random);
  }
}

}  // namespace smjax::tests
