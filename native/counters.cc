#include "counters.h"

#include <cerrno>
#include <cstring>

#if defined(__linux__) && __has_include(<linux/perf_event.h>)
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>
#define SMJAX_COUNTS 1
#endif

namespace smjax {

#ifdef SMJAX_COUNTS
namespace {

constexpr int kAlone = -1, kOnAnyCpu = -1;

int open_one(int thread_id, const Event& event, int leader) noexcept {
  perf_event_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.type = uint32_t(event.type);
  attributes.config = uint64_t(event.config);
  attributes.read_format = PERF_FORMAT_GROUP;
  attributes.exclude_kernel = attributes.exclude_hv = 1;
  attributes.pinned = leader == kAlone;  // all of the time or not at all: a part is shorter than a turn at a counter
  return int(syscall(SYS_perf_event_open, &attributes, thread_id, kOnAnyCpu, leader, PERF_FLAG_FD_CLOEXEC));
}

}  // namespace

int Counters::open(int thread_id, const std::vector<Event>& events) noexcept {
  close();
  if (events.size() > size_t(kMostEvents)) return E2BIG;
  for (const Event& event : events) {
    const int file = open_one(thread_id, event, n_ ? files_[0] : kAlone);
    if (file < 0) {
      const int wrong = errno;
      close();
      return wrong;
    }
    files_[n_++] = file;
  }
  return 0;
}

void Counters::close() noexcept {
  for (; n_; --n_) ::close(files_[n_ - 1]);
}

bool Counters::read(int64_t* counts) const noexcept {
  int64_t found[1 + kMostEvents];  // how many there are, and each
  const ssize_t bytes = ssize_t(sizeof(int64_t)) * (1 + n_);
  if (!n_ || ::read(files_[0], found, size_t(bytes)) != bytes) return false;
  std::memcpy(counts, found + 1, sizeof(int64_t) * size_t(n_));
  return true;
}
#else
int Counters::open(int, const std::vector<Event>&) noexcept { return ENOSYS; }
void Counters::close() noexcept {}
bool Counters::read(int64_t*) const noexcept { return false; }
#endif

}  // namespace smjax
