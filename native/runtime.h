// What computes: an instruction set, threads and their memory. There is one in a process, for one operation at a time.
#pragma once

#include <string>
#include <vector>

#include "denormals.h"
#include "kernel.h"
#include "pool.h"
#include "scratch.h"

namespace smjax {

struct Runtime {
  // Throws bad_alloc, and system_error where the system gives no more threads.
  Runtime(const Kernel* k, int threads, const std::vector<int>& cpus) : kernel(k), pool(threads, cpus), own(threads) {}

  const Kernel* const kernel;
  Pool pool;
  Scratch own;  // of each thread
  Scratch shared;
};

// Whoever holds it computes, with denormals as zeros; another thread that wants it waits. With nobody else there it
// costs one atomic exchange.
class Turn {
 public:
  Turn();
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  Runtime* operator->() const noexcept;

 private:
  DenormalsAreZero denormals_;
};

// Uses `threads` threads from here on, pinned to `cpus` if there are as many, and the instruction set `isa`. Returns
// what is wrong; where the system gives no more threads, the caller's alone is left.
std::string start(const char* isa, int threads, const std::vector<int>& cpus);

}  // namespace smjax
