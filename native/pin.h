// Where a thread runs.
#pragma once

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#endif

namespace smjax {

// Pins the calling thread; not where `cpu` is below 0 or the system cannot.
inline void pin_to(int cpu) {
#ifdef __linux__
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
#else
  (void)cpu;
#endif
}

}  // namespace smjax
