#include "check.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace smjax::tests {
namespace {

std::atomic<int64_t> passed{0};

}  // namespace

void check(bool holds, const std::string& what) {
  if (!holds) {
    std::fprintf(stderr, "failed: %s\n", what.c_str());
    std::exit(1);
  }
  ++passed;
}

int64_t checks() { return passed; }

void check_close(const std::vector<float>& found, const std::vector<double>& expected, double tolerance,
                 const std::string& what) {
  check(found.size() == expected.size(), what + ": as many values as expected");
  double error = 0, size = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double difference = double(found[i]) - expected[i];
    error += difference * difference;
    size += expected[i] * expected[i];
  }
  char text[80];
  std::snprintf(text, sizeof text, ": error %.3g of %.3g", error / size, tolerance);
  check(error <= tolerance * size, what + text);  // not so for NaN
}

void check_same(const std::vector<float>& found, const std::vector<float>& expected, const std::string& what) {
  check(found.size() == expected.size() && std::memcmp(found.data(), expected.data(), found.size() * 4) == 0,
        what + ": the same bits");
}

void everywhere(const std::function<void(const Setting&)>& body) {
  for (const Kernel* const* kernel = kernels(); *kernel; ++kernel) {
    for (int threads = 1; threads <= 3; ++threads) {
      const Setting setting = {(*kernel)->name, threads};
      // As if there were fewer CPUs than threads, which there may be: who waits lets others work, and does not spin.
      const std::vector<int> cpus = threads > 1 ? std::vector<int>{0} : std::vector<int>{};
      check(start((*kernel)->name, threads, cpus).empty(), "start of " + setting.text());
      body(setting);
    }
  }
}

void check_everywhere(const std::vector<double>& expected, double tolerance, const std::string& what,
                      const std::function<std::vector<float>()>& run) {
  std::vector<float> alone;
  everywhere([&](const Setting& setting) {
    const std::vector<float> found = run();
    check_close(found, expected, tolerance, what + ", " + setting.text());
    if (setting.threads == 1) alone = found;
    check_same(found, alone, what + ", " + setting.text());
  });
}

// Reference: splitmix64.
uint64_t Random::bits() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

float Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return float(radius * std::cos(6.283185307179586 * uniform()));
}

std::vector<float> Random::normals(int64_t n) {
  std::vector<float> values(static_cast<size_t>(n));
  for (float& value : values) value = normal();
  return values;
}

void resize(Tensor& t, size_t dimension, int64_t size) {
  std::vector<int64_t> sizes(t.shape.begin(), t.shape.end());
  sizes.resize(std::max(sizes.size(), dimension + 1));
  sizes[dimension] = size;
  t.shape = Shape(sizes.begin(), sizes.end());
}

std::vector<Wrong> wrongs(const Tensor& fine) {
  std::vector<Wrong> all = {
      {"another dimension", [](Tensor& t) { resize(t, t.shape.size(), 1); }},
      {"another type", [](Tensor& t) { t.type = t.type == Type::kU8 ? Type::kF32 : Type::kU8; }},
      {"a type of its size", [](Tensor& t) { t.type = t.type == Type::kF32 ? Type::kS32 : Type::kOther; }},
      {"no memory", [](Tensor& t) { t.data = nullptr; }},
      {"an odd address", [](Tensor& t) { t.data = static_cast<uint8_t*>(t.data) + 1; }},
  };
  for (size_t i = 0; i < fine.shape.size(); ++i) {
    for (int by : {-1, 1}) {
      const std::string what = "dimension " + std::to_string(i) + (by < 0 ? " smaller" : " larger");
      all.push_back({what, [=](Tensor& t) { resize(t, i, t.shape[i] + by); }});
    }
  }
  return all;
}

Bytes::Bytes(int64_t n, uint8_t fill)
    : data_(static_cast<uint8_t*>(std::aligned_alloc(kLine, size_t(round_up(n, kLine))))) {
  check(data_ != nullptr, "memory for a test");
  std::memset(data(), fill, size_t(n));
}

}  // namespace smjax::tests
