// Probes of all threads' cores at once, on the threads that compute and on threads of their own.
#include "../probe.h"

#include <chrono>
#include <thread>

#include "reference.h"

#ifdef __linux__
#include <sched.h>
#endif

namespace smjax::tests {
namespace {

void check_probes(int threads, const std::vector<int>& cpus, int expected, const std::string& what) {
  check(watch(threads, cpus) == expected, "threads that are watched, " + what);
  std::vector<Probe> found(size_t(expected) + 1);
  for (int round = 0; round < 30; ++round) {
    for (Probe& each : found) each = {-1, -1};
    probe(found.data());
    check(found.back().ghz == -1, "no probe more than threads, " + what);
    for (int i = 0; i < expected; ++i) {
#if defined(__x86_64__) || defined(__aarch64__)
      check(found[size_t(i)].ghz > 0 && found[size_t(i)].additions_per_cycle > 0, "a probe of each thread, " + what);
#else
      check(found[size_t(i)].ghz == 0, "no figure where the additions are not known");
#endif
    }
    // Longer than a helper spins.
    if (round % 10 == 9) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

void test_probes() {
#ifdef __linux__
  cpu_set_t before, after;
  sched_getaffinity(0, sizeof before, &before);
#endif
  for (int threads : {1, 2, 3}) {
    check(start("auto", threads, {}).empty(), "start");
    check_probes(threads, {}, threads, "of the threads that compute");
  }
  check(start("auto", 1, {}).empty(), "start");
  check(watch(1, {}) == 1 && start("auto", 3, {}).empty(), "other threads than are watched");
  Probe found{-1, -1};
  probe(&found);
  check(found.ghz == 0 && start("auto", 1, {}).empty(), "no figure of other threads than are watched");
  for (int threads : {2, 3}) {
    check_probes(threads, {}, threads, "of threads of their own");
    check_probes(threads, {0, 0, 0}, threads, "of threads of their own, on one CPU");
    check_probes(threads, {0}, 1, "of one CPU for more threads");
  }
  check(watch(0, {}) == 0, "nothing is watched");
#ifdef __linux__
  sched_getaffinity(0, sizeof after, &after);
  check(CPU_EQUAL(&before, &after), "the caller's affinity is as it was");
#endif
}

}  // namespace smjax::tests
