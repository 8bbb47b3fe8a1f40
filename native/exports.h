// What Python calls through ctypes. No exception leaves any of these: what goes wrong is what they return.
//
// Texts are the calling thread's and valid until it calls the next of these.
#pragma once

#include <cstdint>

#pragma GCC visibility push(default)
extern "C" {

// Counts up with every change of what is declared here or of what a handler of ffi.cc takes: smjax/core has the same
// number, and takes a library with another one as missing.
constexpr int32_t kSmjaxAbi = 6;
int32_t smjax_abi();

// Names of the instruction sets that this CPU runs, best first, and of the encodings, in the order of their numbers;
// separated by spaces.
const char* smjax_isas();
const char* smjax_encodings();

// What is wrong, or an empty text.
const char* smjax_start(const char* isa, int32_t threads, const int32_t* cpus, int32_t n_cpus);

// Below 0 where there is no such matrix.
int64_t smjax_matrix_bytes(int32_t encoding, int64_t n_out, int64_t n_in);

// Puts `n_rows` stored rows in place as the outputs of a matrix from `first_out` on; what is wrong, or an empty text.
const char* smjax_pack(int32_t encoding, int64_t n_out, int64_t n_in, const uint8_t* rows, int64_t rows_bytes,
                       int64_t n_rows, int64_t first_out, uint8_t* matrix, int64_t matrix_bytes);

// See operations.h and machine.h. NaN where it could not be measured.
double smjax_read_bandwidth(int32_t n, const uint8_t* const* data, const int64_t* sizes, double seconds);
double smjax_effective_ghz(int32_t cpu);

// See drills.h. The number of operations, below 0 where there are no such factors; what is wrong, or an empty text.
int64_t smjax_multiply_add(int32_t factors, int64_t rounds);
const char* smjax_stream(int32_t stream, float* a, const float* b, const float* c, int64_t n, int64_t rounds);
const char* smjax_fork_and_join(int64_t count);

// See probe.h: at how many threads' cores the probes look, below 0 where there are no such threads; then of each of
// them GHz and additions a cycle, one after the other. Only as many threads as were returned may be given.
int32_t smjax_watch(int32_t threads, const int32_t* cpus, int32_t n_cpus);
const char* smjax_probe(int32_t threads, double* found);

// See trace.h: what is wrong, or an empty text; how many there are, below 0 where there are none to be read; ns.
// `events`: pairs of numbers, as counters.h has them.
const char* smjax_trace_start(int64_t stamps, const int64_t* events, int32_t n_events);
void smjax_trace_stop();
int64_t smjax_trace_stamps(int32_t thread, void* stamps, int64_t n);
int64_t smjax_trace_counts(int32_t thread, int64_t* counts, int64_t n);
int64_t smjax_trace_calls(void* calls, int64_t n);
double smjax_stamp_cost();

// See counters.h: the system's number of what is wrong where this thread's events cannot be counted, or 0.
int32_t smjax_why_not_counted(const int64_t* events, int32_t n_events);

// See machine.h; what is wrong, or an empty text.
const char* smjax_wake_ups(int32_t cpu_waking, int32_t cpu_woken, int32_t n, int64_t* nanoseconds);
}
#pragma GCC visibility pop
