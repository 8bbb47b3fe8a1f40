// What the machine does beneath the kernel: how fast a core's clock is and how fast a thread is woken.
#pragma once

#include <cstdint>

namespace smjax {

// 1 ms at 4 GHz: a clock that steps by 50 ns and an interrupt of 5 µs are below 1 % of it.
constexpr int64_t kAdditions = 4'000'000;

// sum + n * step, by additions of one cycle that each wait for the one before; 0 on an architecture for which they are
// not written down. n is a multiple of 1,000.
uint64_t add_in_turn(uint64_t sum, uint64_t step, int64_t n);

// The same number of additions to six sums that need not wait for each other; returns the total of the sums.
uint64_t add_abreast(uint64_t step, int64_t n);

// Clock of `cpu` (below 0: of whichever runs this) in GHz while it works: the fastest of the runs of `add_in_turn` in
// 50 ms. 0 where there is none. The caller stays where it is. Throws system_error where no thread can be had.
double effective_ghz(int cpu);

// What a core does just now; zeros where the additions are not written down.
struct Probe {
  // By additions that wait for each other, one a cycle.
  double ghz;
  // Of those that need not wait. A core makes 3 to 6 of them a cycle, whatever its clock, and little more than half of
  // that while somebody computes on its other hardware thread, of which a guest of a virtual machine is told nothing
  // (measured on an EPYC, Zen 4: 3.6, and 2.0 to 2.4 in bursts of milliseconds to minutes).
  double additions_per_cycle;
};

// Of the core that runs this, in about 10 µs, on an Arm in three times as long.
Probe probe_here() noexcept;

// How long a thread that sleeps on `cpu_woken` takes to run once one on `cpu_waking` wakes it, `n` times. Below 0: any
// CPU.
void wake_ups(int cpu_waking, int cpu_woken, int n, int64_t* nanoseconds);

}  // namespace smjax
