// How a thread computes with floats below 2^-126: as zeros, whoever calls and whichever thread it is.
//
// XLA's threads do so, others do not, and a result may depend on it in its last bits.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace smjax {

// Of the calling thread, for as long as this lives.
class DenormalsAreZero {
 public:
  DenormalsAreZero() noexcept : before_(control()) {
    if ((before_ & kZero) != kZero) set_control(before_ | kZero);
  }
  ~DenormalsAreZero() {
    if ((before_ & kZero) != kZero) set_control(before_);
  }
  DenormalsAreZero(const DenormalsAreZero&) = delete;
  DenormalsAreZero& operator=(const DenormalsAreZero&) = delete;

 private:
#if defined(__x86_64__)
  using Control = unsigned;
  static constexpr Control kZero = 0x8040;  // flush to zero, denormals are zeros
  static Control control() noexcept { return _mm_getcsr(); }
  static void set_control(Control to) noexcept { _mm_setcsr(to); }
#elif defined(__aarch64__)
  using Control = uint64_t;
  static constexpr Control kZero = 1u << 24;  // FPCR.FZ
  static Control control() noexcept {
    Control now;
    asm volatile("mrs %0, fpcr" : "=r"(now));
    return now;
  }
  static void set_control(Control to) noexcept { asm volatile("msr fpcr, %0" : : "r"(to)); }
#else
  using Control = unsigned;
  static constexpr Control kZero = 0;
  static Control control() noexcept { return 0; }
  static void set_control(Control) noexcept {}
#endif

  const Control before_;
};

}  // namespace smjax
