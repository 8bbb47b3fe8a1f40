#include "trace.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace smjax {

std::atomic<bool> tracing{false};

namespace {

int64_t clock_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Whether the counter runs evenly, whatever the core's clock does.
bool has_even_counter() noexcept {
#if defined(__x86_64__)
  unsigned a, b, c, d;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
#else
  return false;
#endif
}

const bool counts = has_even_counter();

int64_t ticks() noexcept {
#if defined(__x86_64__)
  if (counts) return int64_t(__rdtsc());
#endif
  return clock_ns();
}

// Both clocks at one moment.
struct Moment {
  int64_t ticks, ns;
};

Moment now() noexcept {
  const int64_t before = ticks(), ns = clock_ns(), after = ticks();
  return {before + (after - before) / 2, ns};
}

struct Log {
  Log(int64_t room, size_t events) : stamps(size_t(room) + 1), counts(stamps.size() * events) {}
  std::vector<Stamped> stamps;  // with ticks in place of ns
  int64_t count = 0;            // beyond the room too
  Counters counters;
  std::vector<int64_t> counts;  // of each stamp those of all events
  bool lost = false;            // a reading failed
};

struct Trace {
  const std::vector<Event> events;
  std::vector<std::unique_ptr<Log>> logs;
  std::vector<Called> calls;
  int64_t n_calls = 0;
  std::atomic<int> taken{0};      // logs that threads have
  std::atomic<int32_t> call{-1};  // the operation under way
  Moment began;

  Trace(int threads, int64_t stamps, const std::vector<Event>& counted) : events(counted), calls(size_t(stamps)) {
    for (int i = 0; i < threads; ++i) logs.push_back(std::make_unique<Log>(stamps, events.size()));
  }
  bool is_as_asked(int threads, int64_t stamps, const std::vector<Event>& counted) const {
    const auto same = [](const Event& a, const Event& b) { return a.type == b.type && a.config == b.config; };
    return int(logs.size()) == threads && int64_t(calls.size()) == stamps &&
           std::equal(events.begin(), events.end(), counted.begin(), counted.end(), same);
  }
  void begin() noexcept {
    n_calls = 0;
    taken = 0;
    call = -1;
    began = now();
    for (auto& log : logs) {
      log->stamps[0] = {began.ticks, int32_t(Step::kOutside), -1};
      log->count = 1;
      log->counters.close();
      log->lost = false;
    }
  }
};

// Written between operations alone. Not destroyed when the process ends: a helper may still be there.
Trace* trace = nullptr;
std::atomic<int64_t> generation{0};

thread_local Log* own = nullptr;
thread_local int64_t own_generation = 0;

// This thread's log of the trace under way; nullptr where more threads came than were expected.
Log* own_log() noexcept {
  const int64_t current = generation.load(std::memory_order_relaxed);
  if (own_generation != current) {
    const int place = trace->taken.fetch_add(1);
    own = place < int(trace->logs.size()) ? trace->logs[size_t(place)].get() : nullptr;
    if (own && !trace->events.empty()) own->counters.open(0, trace->events);
    own_generation = current;
  }
  return own;
}

template <class Item>
int64_t copy(const std::vector<Item>& from, int64_t count, Item* to, int64_t n) noexcept {
  if (count > int64_t(from.size())) return -1;
  std::copy_n(from.begin(), std::min(n, count), to);
  return count;
}

}  // namespace

void leave_stamp(Step step) noexcept {
  Log* log = own_log();
  if (!log) return;
  if (log->count < int64_t(log->stamps.size())) {
    const size_t events = trace->events.size();
    log->stamps[size_t(log->count)] = {ticks(), int32_t(step), trace->call.load(std::memory_order_relaxed)};
    if (events && !log->counters.read(log->counts.data() + size_t(log->count) * events)) log->lost = true;
  }
  ++log->count;
}

void Traced::begin(Operation operation, const Tensor& data, const Tensor& layer) noexcept {
  stamp(Step::kOutside);
  const bool is_known = layer.data && layer.type == Type::kS32 && layer.shape.empty();
  const Called called = {int64_t(reinterpret_cast<uintptr_t>(data.data)),
                         is_known ? *static_cast<const int32_t*>(layer.data) : 0, int32_t(operation)};
  if (trace->n_calls < int64_t(trace->calls.size())) trace->calls[size_t(trace->n_calls)] = called;
  trace->call.store(int32_t(trace->n_calls++), std::memory_order_relaxed);
}

// Memory stays from trace to trace: what the system gives anew is paid for by whoever first writes to it.
void start_trace(int threads, int64_t stamps, const std::vector<Event>& events) {
  if (!trace || !trace->is_as_asked(threads, stamps, events)) {
    auto next = std::make_unique<Trace>(threads, stamps, events);
    delete trace;
    trace = next.release();
  }
  trace->begin();
  generation.fetch_add(1);
  tracing.store(true);
}

void stop_trace() noexcept {
  tracing.store(false);
  if (!trace) return;
  for (auto& log : trace->logs) log->counters.close();
}

int64_t read_stamps(int thread, Stamped* stamps, int64_t n) noexcept {
  if (!trace || thread < 0 || thread >= int(trace->logs.size())) return -1;
  const Log& log = *trace->logs[size_t(thread)];
  const int64_t count = copy(log.stamps, log.count, stamps, n);
  const Moment then = trace->began, end = now();
  const double scale = double(end.ns - then.ns) / double(std::max<int64_t>(end.ticks - then.ticks, 1));
  for (int64_t i = 0; i < std::min(n, count); ++i)
    stamps[i].ns = then.ns + int64_t(double(stamps[i].ns - then.ticks) * scale);
  return count;
}

int64_t read_counts(int thread, int64_t* counts, int64_t n) noexcept {
  if (!trace || thread < 0 || thread >= int(trace->logs.size())) return -1;
  const Log& log = *trace->logs[size_t(thread)];
  return log.lost ? -1 : copy(log.counts, log.count * int64_t(trace->events.size()), counts, n);
}

int64_t read_calls(Called* calls, int64_t n) noexcept {
  return trace ? copy(trace->calls, trace->n_calls, calls, n) : -1;
}

double stamp_cost() {
  constexpr int64_t kStamps = 10'000;
  start_trace(1, kStamps);
  const int64_t begin = clock_ns();
  for (int64_t i = 0; i < kStamps; ++i) stamp(Step::kEnter);
  const int64_t end = clock_ns();
  stop_trace();
  return double(end - begin) / double(kStamps);
}

}  // namespace smjax
