// What attention refuses: every wrong argument gets a complaint, and neither the cache nor the output is written.
#include <algorithm>
#include <limits>

#include "check.h"

namespace smjax::tests {
namespace {

constexpr int64_t kLayers = 2, kKvHeads = 2, kHeads = 4, kTiles = 3, kHead = 6, kQueries = 2;
constexpr int64_t kSlots = kTiles * kPage, kWidth = (kHeads + 2 * kKvHeads) * kHead;
constexpr float kBefore = -3, kUntouched = 12345;  // in the cache, in the output

// Attention that would be fine, for one thing in it to be made wrong.
struct Fine {
  std::vector<float> cache = std::vector<float>(size_t(2 * kLayers * kKvHeads * kSlots * kHead), kBefore);
  std::vector<float> qkv = std::vector<float>(size_t(kQueries * kWidth), 1.0f);
  std::vector<float> rotation = std::vector<float>(size_t(kQueries * kHead), 1.0f);
  std::vector<float> out = std::vector<float>(size_t(kQueries * kHeads * kHead), kUntouched);
  int32_t layer = 1, position = int32_t(kSlots - kQueries);
  std::vector<int32_t> windows = {0, 0};
  HeadStyle style;
  std::vector<float> norms = std::vector<float>(size_t(kLayers * kHeads * kHead), 1.0f);
  AttentionTensors tensors = {tensor(cache, {2, kLayers, kKvHeads, kTiles, kHead, kPage}),
                              tensor(layer),
                              tensor(qkv, {kQueries, kWidth}),
                              tensor(position),
                              tensor(rotation, {kQueries, 2, kHead / 2}),
                              tensor(out, {kQueries, kHeads * kHead})};
};

bool all(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [=](float v) { return v == value; });
}

void check_refused(const std::string& what, const std::function<void(Fine&)>& spoil) {
  Fine fine;
  spoil(fine);
  check(!attend(fine.style, {fine.windows.data(), int64_t(fine.windows.size())}, fine.tensors).empty(),
        "attention refused: " + what);
  check(all(fine.out, kUntouched) && all(fine.cache, kBefore), "attention untouched: " + what);
}

void check_tensors() {
  const auto each = [](const std::string& name, Tensor AttentionTensors::* tensor) {
    for (const Wrong& wrong : wrongs(Fine().tensors.*tensor)) {
      if (name == "cache" && wrong.what == "dimension 3 larger") continue;      // a longer cache is a cache
      if (name == "rotation" && wrong.what == "dimension 2 smaller") continue;  // fewer elements may be turned
      check_refused(name + ", " + wrong.what, [&](Fine& f) { wrong.spoil(f.tensors.*tensor); });
    }
    if ((Fine().tensors.*tensor).shape.empty()) return;
    check_refused(name + ", no shape", [&](Fine& f) { (f.tensors.*tensor).shape = {}; });
  };
  each("cache", &AttentionTensors::cache);
  each("layer", &AttentionTensors::layer);
  each("qkv", &AttentionTensors::qkv);
  each("position", &AttentionTensors::position);
  each("rotation", &AttentionTensors::rotation);
  each("out", &AttentionTensors::out);
}

void check_indices() {
  constexpr int32_t kLeast = std::numeric_limits<int32_t>::min(), kMost = std::numeric_limits<int32_t>::max();
  for (int32_t wrong : {-1, int32_t(kLayers), kLeast, kMost}) {
    check_refused("layer " + std::to_string(wrong), [&](Fine& f) { f.layer = wrong; });
  }
  for (int32_t wrong : {-1, int32_t(kSlots - kQueries + 1), int32_t(kSlots), kLeast, kMost}) {
    check_refused("position " + std::to_string(wrong), [&](Fine& f) { f.position = wrong; });
  }
  check_refused("no windows", [](Fine& f) { f.windows = {}; });
  check_refused("a window too many", [](Fine& f) { f.windows.push_back(0); });
}

void check_sizes() {
  check_refused("heads of no elements", [](Fine& f) { resize(f.tensors.cache, 4, 0); });
  check_refused("no KV heads", [](Fine& f) { resize(f.tensors.cache, 2, 0); });
  check_refused("heads of 513 elements", [](Fine& f) { resize(f.tensors.cache, 4, 513); });
  check_refused("less than no heads", [](Fine& f) {
    for (size_t dimension : {2, 3}) resize(f.tensors.cache, dimension, -2);
  });
  check_refused("no queries", [](Fine& f) { resize(f.tensors.qkv, 0, 0); });
  check_refused("fewer heads than KV heads", [](Fine& f) { resize(f.tensors.out, 1, kHead); });
  check_refused("more queries than slots", [](Fine& f) {
    for (Tensor* t : {&f.tensors.qkv, &f.tensors.out, &f.tensors.rotation}) resize(*t, 0, kSlots + 1);
    f.position = 0;
  });
}

// Nor can a head be turned of which an element would be left without another.
void check_odd_rotation() {
  check_refused("odd heads that are rotated whole", [](Fine& f) {
    constexpr int64_t odd = 3;
    resize(f.tensors.cache, 4, odd);
    resize(f.tensors.qkv, 1, (kHeads + 2 * kKvHeads) * odd);
    resize(f.tensors.out, 1, kHeads * odd);
    resize(f.tensors.rotation, 2, (odd + 1) / 2);
  });
}

void check_norms() {
  check_refused("a norm before the first", [](Fine& f) { f.style.norm = -1; });
  check_refused("a norm after the last", [](Fine& f) { f.style.norm = 4; });
  check_refused("weights without a norm",
                [](Fine& f) { f.tensors.query_norm = tensor(f.norms, {kLayers, kHeads * kHead}); });
  for (int32_t kind : {1, 2, 3}) {
    check_refused("a norm without weights", [=](Fine& f) { f.style.norm = kind; });
    check_refused("a norm of another layer less", [=](Fine& f) {
      f.style.norm = kind;
      f.tensors.query_norm = tensor(f.norms, {kLayers - 1, kHeads * kHead});
      f.tensors.key_norm = tensor(f.norms, {kLayers, kKvHeads * kHead});
    });
    check_refused("a norm of other heads", [=](Fine& f) {
      f.style.norm = kind;
      f.tensors.query_norm = tensor(f.norms, {kLayers, kHeads * kHead});
      f.tensors.key_norm = tensor(f.norms, {kLayers, kHeads * kHead});
    });
  }
  check_refused("one head's weights for all heads together", [](Fine& f) {
    f.style.norm = int32_t(HeadNormKind::kWholeRms);
    f.tensors.query_norm = tensor(f.norms, {kLayers, kHead});
    f.tensors.key_norm = tensor(f.norms, {kLayers, kHead});
  });
}

}  // namespace

void test_refused_attention() {
  check(start("auto", 2, {}).empty(), "start");
  Fine fine;
  const Complaint complaint = attend(fine.style, {fine.windows.data(), int64_t(fine.windows.size())}, fine.tensors);
  check(complaint.empty(), "what is not made wrong: " + complaint);
  check(!all(fine.out, kUntouched) && !all(fine.cache, kBefore), "what is not made wrong is done");
  check_tensors();
  check_indices();
  check_sizes();
  check_odd_rotation();
  check_norms();
}

}  // namespace smjax::tests
