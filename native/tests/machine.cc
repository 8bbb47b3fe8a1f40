// The clock of a core and the wake-up of a thread: the counts behind them, not their values.
#include "../machine.h"

#ifdef __linux__
#include <sched.h>
#endif

#include "check.h"

namespace smjax::tests {
namespace {

void check_clock() {
#if defined(__x86_64__) || defined(__aarch64__)
  check(add_in_turn(7, 3, 5'000) == 7 + 3 * 5'000, "as many additions in turn as are counted");
  check(add_abreast(3, 6'000) == 3 * 6'000, "as many additions abreast as are counted");
  const Probe found = probe_here();
  check(found.ghz > 0 && found.additions_per_cycle > 0, "what a core does");
  for (int cpu : {-1, 0}) check(effective_ghz(cpu) > 0, "a clock, CPU " + std::to_string(cpu));
#else
  check(effective_ghz(0) == 0 && probe_here().ghz == 0, "no clock where the additions are not known");
#endif
}

void check_wake_ups(int cpu_waking, int cpu_woken) {
  constexpr int kTimes = 20;
  std::vector<int64_t> nanoseconds(kTimes + 1, -1);
  wake_ups(cpu_waking, cpu_woken, kTimes, nanoseconds.data());
  check(nanoseconds.back() == -1, "no wake-up more than asked for");
  nanoseconds.pop_back();
  for (int64_t ns : nanoseconds) check(ns >= 0, "every wake-up is timed");
}

}  // namespace

void test_machine() {
#ifdef __linux__
  cpu_set_t before, after;
  sched_getaffinity(0, sizeof before, &before);
#endif
  check_clock();
  check_wake_ups(-1, -1);
  check_wake_ups(0, 0);
#ifdef __linux__
  sched_getaffinity(0, sizeof after, &after);
  check(CPU_EQUAL(&before, &after), "the caller's affinity is as it was");
#endif
}

}  // namespace smjax::tests
