#include "runtime.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>

namespace smjax {
namespace {

std::atomic_flag busy = ATOMIC_FLAG_INIT;
// Not destroyed when the process ends: a helper may still spin then.
Runtime* current = nullptr;

class Busy {
 public:
  Busy() noexcept {
    for (int round = 0; busy.test_and_set(std::memory_order_acquire); ++round) {
      if (round < 1000) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }
  ~Busy() {
    if (held_) busy.clear(std::memory_order_release);
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  void keep() noexcept { held_ = false; }

 private:
  bool held_ = true;
};

void replace(std::unique_ptr<Runtime> by) noexcept {
  delete current;
  current = by.release();
}

}  // namespace

Turn::Turn() {
  Busy taken;
  if (!current) current = new Runtime(find_kernel("auto"), 1, {});
  taken.keep();
}

Turn::~Turn() { busy.clear(std::memory_order_release); }

Runtime* Turn::operator->() const noexcept { return current; }

std::string start(const char* isa, int threads, const std::vector<int>& cpus) {
  const Kernel* kernel = find_kernel(isa);
  if (!kernel) return std::string("isa: expected one that was built and that this CPU runs, found ") + isa;
  if (threads < 1 || threads > Pool::kMaxThreads)
    return "threads: expected 1 to 1024, found " + std::to_string(threads);
  const Busy taken;
  // First of all, for what is allowed may be too little for the old threads and the new.
  replace(std::make_unique<Runtime>(kernel, 1, std::vector<int>()));
  try {
    replace(std::make_unique<Runtime>(kernel, threads, cpus));
  } catch (const std::system_error& error) {
    return "threads: expected " + std::to_string(threads) + ", found that the system starts no more (" + error.what() +
           "); allow more processes and memory, or use fewer threads";
  }
  return {};
}

}  // namespace smjax
