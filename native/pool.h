// The threads that share a product: one fork and join each, no sleep between the products of a token.
//
// The caller is thread 0 and works too. A helper spins for its next task for `kSpinNs`, then sleeps until there is one,
// so that nothing runs while nothing decodes: on a virtual machine waking a sleeper takes 50 to 200 µs, a spinning one
// 0.2.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace smjax {

// What different threads write lies at least so far apart: cache lines of 64 bytes that x86 fetches in pairs, of 128 on
// Apple's.
constexpr size_t kApart = 128;

class Pool {
 public:
  static constexpr int kMaxThreads = 1024;
  static constexpr int64_t kSpinNs = 2'000'000;

  // Threads 0 (the caller) to n-1, each pinned to its CPU where there are as many CPUs as threads; with fewer, waiting
  // threads yield instead of spinning, as the one that is waited for may need their core. Throws system_error where the
  // system gives no more threads; none is left then, and the caller is where it was.
  Pool(int n_threads, const std::vector<int>& cpus);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int size() const { return n_threads_; }

  // Calls task(thread) once for every thread and returns when all are done. Not from two threads at once.
  template <class Task>
  void run(const Task& task) noexcept {
    static_assert(std::is_nothrow_invocable_v<const Task&, int>, "nobody catches what a helper's task throws");
    if (n_threads_ == 1) return task(0);
    run_erased([](const void* t, int thread) noexcept { (*static_cast<const Task*>(t))(thread); }, &task);
  }

 private:
  using Call = void (*)(const void* task, int thread) noexcept;
  struct alignas(kApart) Done {
    std::atomic<uint32_t> generation{0};
  };

  void run_erased(Call call, const void* task) noexcept;
  void help(int thread, int cpu) noexcept;
  bool await_task(uint32_t seen) noexcept;
  void pause(int round) const noexcept;
  void end_helpers() noexcept;

  // Only read once the threads are there, by helpers while they spin too.
  const int n_threads_;
  const bool oversubscribed_;
  std::unique_ptr<Done[]> done_;
  std::vector<std::thread> helpers_;
  // What helpers spin on: nothing else is in its line.
  alignas(kApart) std::atomic<uint32_t> generation_{0};
  // Written by the caller at each fork, before the generation.
  alignas(kApart) Call call_ = nullptr;
  const void* task_ = nullptr;
  // Of helpers that sleep.
  alignas(kApart) std::atomic<int> sleeping_{0};
  std::atomic<bool> stop_{false};
  std::mutex sleep_;
  std::condition_variable wake_;
};

// The first and the last (exclusive) of `n` items that are `thread`'s share.
struct Share {
  int64_t begin, end;
};
constexpr Share share(int64_t n, int thread, int n_threads) noexcept {
  return {n * thread / n_threads, n * (thread + 1) / n_threads};
}

}  // namespace smjax
