// How fast the threads read memory.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

#include "operations.h"
#include "runtime.h"

namespace smjax {
namespace {

// All threads read each range once, each thread its share; what is returned depends on all of it.
uint32_t read_once(const Turn& r, int n, const uint8_t* const* data, const int64_t* sizes) noexcept {
  std::atomic<uint32_t> sink{0};
  r->pool.run([&](int thread) noexcept {
    uint32_t seen = 0;
    for (int i = 0; i < n; ++i) {
      const Share part = share(sizes[i] / kLine, thread, r->pool.size());
      seen |= r->kernel->read(data[i] + part.begin * kLine, (part.end - part.begin) * kLine);
    }
    sink |= seen;
  });
  return sink;
}

}  // namespace

double read_bandwidth(int n, const uint8_t* const* data, const int64_t* sizes, double seconds) {
  using Clock = std::chrono::steady_clock;
  const Turn turn;
  int64_t total = 0;
  for (int i = 0; i < n; ++i) total += sizes[i];
  volatile uint32_t sink = read_once(turn, n, data, sizes);
  std::vector<double> rates;
  const auto until = Clock::now() + std::chrono::duration<double>(seconds);
  do {
    const auto begin = Clock::now();
    sink = read_once(turn, n, data, sizes);
    rates.push_back(double(total) / std::chrono::duration<double>(Clock::now() - begin).count());
  } while (Clock::now() < until || rates.size() < 3);
  (void)sink;
  std::nth_element(rates.begin(), rates.begin() + int64_t(rates.size() / 2), rates.end());
  return rates[rates.size() / 2];
}

}  // namespace smjax
