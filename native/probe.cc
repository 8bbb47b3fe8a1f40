#include "probe.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "pin.h"
#include "runtime.h"

namespace smjax {
namespace {

// Where threads wait for each other, to begin together.
class StartLine {
 public:
  explicit StartLine(int threads) noexcept : missing_(threads) {}

  // Yields, as those that are missing may need this thread's CPU.
  void wait() noexcept {
    missing_.fetch_sub(1);
    while (missing_.load() > 0) std::this_thread::yield();
  }

 private:
  std::atomic<int> missing_;
};

// Threads that sleep but for a probe: nothing of them runs beside what is measured.
class Sleepers {
 public:
  Sleepers(int threads, const std::vector<int>& cpus) {
    const bool pinned = !cpus.empty();
    try {
      threads_.reserve(size_t(threads));
      for (int i = 0; i < threads; ++i) threads_.emplace_back(&Sleepers::sleep, this, i, pinned ? cpus[size_t(i)] : -1);
    } catch (...) {
      end();
      throw;
    }
  }
  ~Sleepers() { end(); }
  Sleepers(const Sleepers&) = delete;
  Sleepers& operator=(const Sleepers&) = delete;

  void probe(Probe* found) noexcept {
    StartLine line(int(threads_.size()));
    std::unique_lock<std::mutex> lock(mutex_);
    found_ = found;
    line_ = &line;
    working_ = int(threads_.size());
    ++generation_;
    wake_.notify_all();
    done_.wait(lock, [&] { return working_ == 0; });
  }

 private:
  void sleep(int thread, int cpu) noexcept {
    pin_to(cpu);
    std::unique_lock<std::mutex> lock(mutex_);
    for (int seen = 0;;) {
      wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
      if (stop_) return;
      seen = generation_;
      lock.unlock();
      line_->wait();
      found_[thread] = probe_here();
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  void end() noexcept {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
      wake_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  bool stop_ = false;
  int generation_ = 0, working_ = 0;
  Probe* found_ = nullptr;
  StartLine* line_ = nullptr;
  std::vector<std::thread> threads_;
};

std::mutex turn_of_probes;
// Not destroyed when the process ends, as little as what computes.
Sleepers* sleepers = nullptr;
std::atomic<int> watched_threads{0};

}  // namespace

int watch(int threads, const std::vector<int>& cpus) {
  const std::lock_guard<std::mutex> lock(turn_of_probes);
  delete sleepers;
  sleepers = nullptr;
  watched_threads = 0;
  if (threads <= 0) return 0;
  if (Turn()->pool.size() == threads) return watched_threads = threads;
  const int n = cpus.empty() ? threads : std::min(threads, int(cpus.size()));
  sleepers = new Sleepers(n, cpus);
  return watched_threads = n;
}

int watched() noexcept { return watched_threads; }

void probe(Probe* found) noexcept {
  const std::lock_guard<std::mutex> lock(turn_of_probes);
  if (sleepers) return sleepers->probe(found);
  const Turn turn;
  if (turn->pool.size() != watched_threads) return void(std::fill_n(found, watched(), Probe{0, 0}));
  StartLine line(turn->pool.size());
  turn->pool.run([&](int thread) noexcept {
    line.wait();
    found[thread] = probe_here();
  });
}

}  // namespace smjax
