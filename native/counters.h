// What is counted of one thread, by its CPU or by the system: a group of events, of which all are read at once.
//
// A reading is a system call of 0.2 to 1 µs: for processes whose time nobody measures.
//
// References: perf_event_open(2).
#pragma once

#include <cstdint>
#include <vector>

namespace smjax {

// By the system's numbers: kind of event, and which of it.
struct Event {
  int64_t type, config;
};

class Counters {
 public:
  static constexpr int kMostEvents = 8;

  Counters() = default;
  ~Counters() { close(); }
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  // Counts from here on what the thread (0: the calling one) does outside of the system; any thread may read it. The
  // system's number of what is wrong, or 0; nothing is counted where something is wrong.
  int open(int thread_id, const std::vector<Event>& events) noexcept;
  void close() noexcept;

  // Of each event how often until now; false where nothing is counted, or where somebody else has taken the counters.
  bool read(int64_t* counts) const noexcept;

 private:
  int n_ = 0;
  int files_[kMostEvents];
};

}  // namespace smjax
