// Where the time of operations goes: stamps that their threads leave while somebody asks for them.
//
// A stamp is read from the time-stamp counter where that runs evenly, else from the monotonic clock, and costs 10 to 30
// ns (`stamp_cost`). While nobody asks, an operation costs a relaxed load for each stamp that it does not leave.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "counters.h"
#include "step.h"
#include "tensor.h"

namespace smjax {

// A stamp as it is read: `ns` of the monotonic clock. `call` is the number of the operation, from 0; below 0: none yet.
struct Stamped {
  int64_t ns;
  int32_t step, call;
};

enum class Operation : int32_t { kMultiply = 0, kArgmax = 1, kAttend = 2, kLookUp = 3 };

// Of an operation: where its weights or its cache begin, and the layer of these.
struct Called {
  int64_t data;
  int32_t layer, operation;
};

extern std::atomic<bool> tracing;

// Cold, so that what it takes lies aside of the code that does without.
[[gnu::cold]] void leave_stamp(Step step) noexcept;

inline void stamp(Step step) noexcept {
  if (tracing.load(std::memory_order_relaxed)) leave_stamp(step);
}

inline Stamp stamping() noexcept { return tracing.load(std::memory_order_relaxed) ? leave_stamp : nullptr; }

// An operation, from its first line to its last; `layer` may be anything, as it is not checked yet.
class Traced {
 public:
  Traced(Operation operation, const Tensor& data, const Tensor& layer) noexcept {
    if (tracing.load(std::memory_order_relaxed)) begin(operation, data, layer);
  }
  ~Traced() { stamp(Step::kLeave); }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

 private:
  [[gnu::cold]] static void begin(Operation operation, const Tensor& data, const Tensor& layer) noexcept;
};

// From here on stamps are kept, of as many threads and of each so many at most, and at each what was counted of the
// thread until then; what was kept is forgotten. Throws bad_alloc. No operation may be under way, as with the next.
void start_trace(int threads, int64_t stamps, const std::vector<Event>& events = {});
void stop_trace() noexcept;

// Copies the first stamps of a thread, 0 is the one that calls operations, and returns how many there are; -1 where it
// had more than there was room for, or where there is no such thread. Its first says when the trace began.
int64_t read_stamps(int thread, Stamped* stamps, int64_t n) noexcept;
// The same of the counts, one event behind the other for each stamp; of the first stamp they are 0. -1 too where they
// could not be read.
int64_t read_counts(int thread, int64_t* counts, int64_t n) noexcept;
// The same of the operations.
int64_t read_calls(Called* calls, int64_t n) noexcept;

// What a stamp takes, in ns: a trace of as many as that is forgotten.
double stamp_cost();

}  // namespace smjax
