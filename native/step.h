// What a thread has just done, as its stamps say it (trace.h); data alone, for files of every instruction set.
#pragma once

#include <cstdint>

#include "target.h"

namespace smjax {

// Of each thread the time from one stamp to the next belongs to the step of the latter.
enum class Step : int32_t {
  kOutside = 0,   // of the caller: between two operations, where XLA, PjRt and Python are
  kEnter = 1,     // arguments were checked, memory found
  kNorm = 2,      // a column was normalised
  kQuantise = 3,  // and quantised, or laid out as floats
  kMultiply = 4,
  kRemember = 5,  // keys were turned, keys and values written into the cache
  kTurn = 6,      // queries were turned
  kAttend = 7,
  kFork = 8,    // of the caller: the others were called
  kJoin = 9,    // and waited for
  kLeave = 10,  // the rest: heads merged, the best of all found, rows looked up
  kWait = 11,   // of a helper: until there was something to do
};

// Leaves a stamp; nullptr where nobody asked for any.
using Stamp = void (*)(Step) noexcept;

inline namespace SMJAX_TARGET {
inline void leave(Stamp stamp, Step step) noexcept {
  if (__builtin_expect(stamp != nullptr, 0)) stamp(step);
}
}  // namespace SMJAX_TARGET

}  // namespace smjax
