// What the cores of all threads do at one moment: their clock, and whether somebody else computes on them.
#pragma once

#include <vector>

#include "machine.h"

namespace smjax {

// From here on `probe` looks where `threads` threads decode: on those of `start`, where these are as many, else with
// threads of its own, one for each of `cpus` (each thread, without CPUs), which sleep in between. Returns at how many;
// none with 0 threads. Throws system_error where the system gives no such threads.
int watch(int threads, const std::vector<int>& cpus);

// What `watch` returned last.
int watched() noexcept;

// Of each of these threads' cores, all at the same time; zeros where `start` has other threads by now. Takes 10 µs, on
// an Arm 30, and until threads of its own are awake.
void probe(Probe* found) noexcept;

}  // namespace smjax
