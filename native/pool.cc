#include "pool.h"

#include <chrono>

#include "denormals.h"
#include "pin.h"
#include "trace.h"

#ifdef __linux__
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace smjax {
namespace {

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

constexpr int kUnpinned = -1;

}  // namespace

Pool::Pool(int n_threads, const std::vector<int>& cpus)
    : n_threads_(n_threads),
      oversubscribed_(!cpus.empty() && int(cpus.size()) < n_threads),
      done_(new Done[size_t(n_threads)]) {
  const bool pinned = int(cpus.size()) >= n_threads;
  try {
    helpers_.reserve(size_t(n_threads));
    for (int thread = 1; thread < n_threads; ++thread) {
      helpers_.emplace_back(&Pool::help, this, thread, pinned ? cpus[size_t(thread)] : kUnpinned);
    }
  } catch (...) {
    end_helpers();
    throw;
  }
  if (pinned) pin_to(cpus[0]);
}

Pool::~Pool() { end_helpers(); }

void Pool::end_helpers() noexcept {
  stop_.store(true);
  generation_.fetch_add(1);
  {
    std::lock_guard<std::mutex> lock(sleep_);
    wake_.notify_all();
  }
  for (auto& helper : helpers_) helper.join();
}

void Pool::run_erased(Call call, const void* task) noexcept {
  call_ = call;
  task_ = task;
  const uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
  generation_.store(generation, std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_seq_cst) > 0) {
    std::lock_guard<std::mutex> sleep(sleep_);
    wake_.notify_all();
  }
  stamp(Step::kFork);
  call(task, 0);
  for (int thread = 1; thread < n_threads_; ++thread) {
    for (int round = 0; done_[size_t(thread)].generation.load(std::memory_order_acquire) != generation; ++round)
      pause(round);
  }
  stamp(Step::kJoin);
}

void Pool::help(int thread, int cpu) noexcept {
  pin_to(cpu);
  const DenormalsAreZero denormals;
  uint32_t seen = 0;
  while (await_task(seen)) {
    seen = generation_.load(std::memory_order_acquire);
    stamp(Step::kWait);
    call_(task_, thread);
    done_[size_t(thread)].generation.store(seen, std::memory_order_release);
  }
}

// Returns when there is another task than `seen`; false where the pool ends instead.
bool Pool::await_task(uint32_t seen) noexcept {
  using Clock = std::chrono::steady_clock;
  auto there = [&] { return generation_.load(std::memory_order_seq_cst) != seen; };
  const auto until = Clock::now() + std::chrono::nanoseconds(kSpinNs);
  for (int round = 0; generation_.load(std::memory_order_acquire) == seen; ++round) {
    pause(round);
    if (round % 256 == 255 && Clock::now() > until) {
      std::unique_lock<std::mutex> lock(sleep_);
      sleeping_.fetch_add(1, std::memory_order_seq_cst);
      wake_.wait(lock, there);
      sleeping_.fetch_sub(1, std::memory_order_seq_cst);
      break;
    }
  }
  return !stop_.load();
}

void Pool::pause(int round) const noexcept {
#ifdef __linux__
  if (oversubscribed_ || round > (1 << 16)) {
    sched_yield();
    return;
  }
#endif
  (void)round;
  relax();
}

}  // namespace smjax
