#include "machine.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>

#include "pin.h"

namespace smjax {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLong = std::chrono::milliseconds(50);  // enough for a governor to raise the clock

double ghz_here() {
  const auto until = Clock::now() + kLong;
  double best = 0;
  volatile uint64_t sum = 1;
  do {
    const auto begin = Clock::now();
    sum = add_in_turn(sum, 3, kAdditions);
    best = std::max(best, double(kAdditions) / std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
  } while (Clock::now() < until);
  return sum == 0 ? 0 : best;
}

// What two threads say to each other: one is about to sleep, the other wakes it.
struct Bell {
  std::mutex mutex;
  std::condition_variable rings;
  bool listening = false, rung = false, removed = false;
  Clock::time_point when;

  // Nobody will ring it.
  void remove() noexcept {
    const std::lock_guard<std::mutex> lock(mutex);
    removed = true;
    rings.notify_one();
  }
};

void listen(Bell& bell, int n, int64_t* nanoseconds) {
  for (int i = 0; i < n; ++i) {
    std::unique_lock<std::mutex> lock(bell.mutex);
    bell.listening = true;
    bell.rings.wait(lock, [&] { return bell.rung || bell.removed; });
    if (bell.removed) return;
    nanoseconds[i] = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - bell.when).count();
    bell.rung = false;
  }
}

void ring(Bell& bell, int n) {
  for (int i = 0; i < n;) {
    // Long enough for the other thread's core to have gone idle.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::lock_guard<std::mutex> lock(bell.mutex);
    if (!bell.listening) continue;
    bell.listening = false;
    bell.rung = true;
    bell.when = Clock::now();
    bell.rings.notify_one();
    ++i;
  }
}

}  // namespace

// From register to register: of additions of a constant some CPUs (Golden Cove) make several a cycle. A thousand are 3
// or 4 kB of code, which every first-level cache holds; the loop around them runs beside them.
uint64_t add_in_turn(uint64_t sum, uint64_t step, int64_t n) {
#if defined(__x86_64__)
  for (int64_t i = 0; i < n; i += 1000)
    asm volatile(".rept 1000\n\tadd %1, %0\n\t.endr" : "+r"(sum) : "r"(step) : "cc");
  return sum;
#elif defined(__aarch64__)
  for (int64_t i = 0; i < n; i += 1000) asm volatile(".rept 1000\n\tadd %0, %0, %1\n\t.endr" : "+r"(sum) : "r"(step));
  return sum;
#else
  (void)sum, (void)step, (void)n;
  return 0;
#endif
}

uint64_t add_abreast(uint64_t step, int64_t n) {
  uint64_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
  for (int64_t i = 0; i < n; i += 600) {
#if defined(__x86_64__)
    asm volatile(
        ".rept 100\n\tadd %6, %0\n\tadd %6, %1\n\tadd %6, %2\n\tadd %6, %3\n\tadd %6, %4\n\tadd %6, %5\n\t.endr"
        : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f)
        : "r"(step)
        : "cc");
#elif defined(__aarch64__)
    asm volatile(
        ".rept 100\n\tadd %0, %0, %6\n\tadd %1, %1, %6\n\tadd %2, %2, %6\n\tadd %3, %3, %6\n\tadd %4, %4, %6\n\t"
        "add %5, %5, %6\n\t.endr"
        : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f)
        : "r"(step));
#endif
  }
  return a + b + c + d + e + f;
}

// Long enough for about a hundred steps of the clock: that of some Arm processors (Apple, Ampere) steps by 40 ns, that
// of an x86 by less than one.
#if defined(__aarch64__)
constexpr int64_t kInTurn = 18'000, kAbreast = 54'000;
#else
constexpr int64_t kInTurn = 6'000, kAbreast = 18'000;
#endif

Probe probe_here() noexcept {
  volatile uint64_t sum = 1;
  const auto ns = [](Clock::duration time) { return std::chrono::duration<double, std::nano>(time).count(); };
  // The best of three of each, as an interrupt may be in one of them; less what it takes to read the clock.
  double nothing = std::numeric_limits<double>::infinity(), in_turn = nothing, abreast = nothing;
  for (int i = 0; i < 3; ++i) {
    const auto before = Clock::now();
    const auto begin = Clock::now();
    sum = add_in_turn(sum, 3, kInTurn);
    const auto middle = Clock::now();
    sum = sum + add_abreast(3, kAbreast);
    const auto end = Clock::now();
    nothing = std::min(nothing, ns(begin - before));
    in_turn = std::min(in_turn, ns(middle - begin));
    abreast = std::min(abreast, ns(end - middle));
  }
  if (sum == 0 || in_turn <= nothing || abreast <= nothing) return {0, 0};
  const double cycle_ns = (in_turn - nothing) / kInTurn;
  return {1 / cycle_ns, cycle_ns * kAbreast / (abreast - nothing)};
}

double effective_ghz(int cpu) {
  double ghz = 0;
  std::thread([&]() noexcept {
    pin_to(cpu);
    ghz = ghz_here();
  }).join();
  return ghz;
}

void wake_ups(int cpu_waking, int cpu_woken, int n, int64_t* nanoseconds) {
  Bell bell;
  std::thread woken([&]() noexcept {
    pin_to(cpu_woken);
    listen(bell, n, nanoseconds);
  });
  try {
    std::thread([&]() noexcept {
      pin_to(cpu_waking);
      ring(bell, n);
    }).join();
  } catch (...) {
    bell.remove();
    woken.join();
    throw;
  }
  woken.join();
}

}  // namespace smjax
