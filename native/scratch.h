// Memory that operations keep from one call to the next: it grows before the threads fork, and never shrinks.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

#include "layout.h"

namespace smjax {

// A page, so that threads share none and each page lies where the thread that uses it runs.
constexpr int64_t kScratchAlignment = 4096;

// One block of memory for each of some threads.
class Scratch {
 public:
  explicit Scratch(int n_threads = 1) : n_threads_(n_threads) {}
  ~Scratch() { std::free(data_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Makes room for at least so many bytes each; what was there is lost. Throws bad_alloc, and has no room then.
  void reserve(int64_t bytes) {
    if (bytes <= bytes_) return;
    std::free(data_);
    data_ = nullptr;
    bytes_ = 0;
    const int64_t rounded = round_up(bytes, kScratchAlignment);
    int64_t total = 0;
    if (__builtin_mul_overflow(rounded, int64_t(n_threads_), &total)) throw std::bad_alloc();
    data_ = static_cast<uint8_t*>(std::aligned_alloc(size_t(kScratchAlignment), size_t(total)));
    if (!data_) throw std::bad_alloc();
    bytes_ = rounded;
  }

  uint8_t* of(int thread = 0) const noexcept { return data_ + thread * bytes_; }

 private:
  const int n_threads_;
  uint8_t* data_ = nullptr;
  int64_t bytes_ = 0;
};

// Arrays one after the other in a block of memory; without one, how large it has to be.
class Carver {
 public:
  explicit Carver(uint8_t* block = nullptr) : block_(block) {}

  template <class T>
  T* take(int64_t n) noexcept {
    uint8_t* const at = block_ ? block_ + used_ : nullptr;
    used_ += round_up(n * int64_t(sizeof(T)), kLine) + kLine;
    return reinterpret_cast<T*>(at);
  }
  int64_t used() const noexcept { return used_; }

 private:
  uint8_t* const block_;
  int64_t used_ = 0;
};

}  // namespace smjax
