#include "drills.h"

#include <algorithm>
#include <atomic>

#include "runtime.h"

namespace smjax {
namespace {

uint32_t go_over(const Kernel& kernel, Stream stream, float* a, const float* b, const float* c, int64_t n) noexcept {
  switch (stream) {
    case Stream::kRead: return kernel.read(reinterpret_cast<const uint8_t*>(a), n * int64_t(sizeof(float)));
    case Stream::kCopy: kernel.copy(a, b, n); return 0;
    case Stream::kTriad: kernel.triad(a, b, c, n); return 0;
  }
  return 0;
}

const float* from(const float* array, int64_t place) noexcept { return array ? array + place : nullptr; }

}  // namespace

int64_t multiply_add(Factors factors, int64_t rounds) {
  const Turn r;
  const Arithmetic& arithmetic = factors == Factors::kFloats ? r->kernel->floats : r->kernel->bytes;
  std::atomic<float> sink{0};
  r->pool.run([&](int) noexcept { sink.store(arithmetic.run(rounds), std::memory_order_relaxed); });
  return arithmetic.flops * rounds * r->pool.size();
}

void stream(Stream stream, float* a, const float* b, const float* c, int64_t n, int64_t rounds) {
  constexpr int64_t kInLine = kLine / int64_t(sizeof(float));
  const Turn r;
  std::atomic<uint32_t> sink{0};
  r->pool.run([&](int thread) noexcept {
    const Share lines = share((n + kInLine - 1) / kInLine, thread, r->pool.size());
    const int64_t first = lines.begin * kInLine, size = std::min(n, lines.end * kInLine) - first;
    uint32_t seen = 0;
    for (int64_t round = 0; round < rounds; ++round)
      seen |= go_over(*r->kernel, stream, a + first, from(b, first), from(c, first), size);
    sink.fetch_or(seen, std::memory_order_relaxed);
  });
}

void fork_and_join(int64_t count) {
  const Turn r;
  for (int64_t i = 0; i < count; ++i) r->pool.run([](int) noexcept {});
}

}  // namespace smjax
