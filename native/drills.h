// What a machine is measured by: all threads do the same simple thing for a while, forked and joined once.
#pragma once

#include <cstdint>

namespace smjax {

// Multiply-adds of floats or of bytes, `rounds` times those of a round; returns how many operations of all threads.
enum class Factors : int32_t { kFloats = 0, kBytes = 1 };
int64_t multiply_add(Factors factors, int64_t rounds);

// Goes `rounds` times over arrays of `n` floats, each thread over its share: reads a, or copies b to a, or a = b + 3 c.
enum class Stream : int32_t { kRead = 0, kCopy = 1, kTriad = 2 };
void stream(Stream stream, float* a, const float* b, const float* c, int64_t n, int64_t rounds);

// `count` times forks and joins the threads, which have nothing to do.
void fork_and_join(int64_t count);

}  // namespace smjax
