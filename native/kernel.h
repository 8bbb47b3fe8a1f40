// What an instruction set provides: the functions that every thread of an operation runs, and their arguments.
//
// A new instruction set is one file in isa/ (a struct of vector primitives, given to generic/kernel.h) and one line in
// registry.cc.
#pragma once

#include <cstdint>

#include "layout.h"

namespace smjax {

enum class NormKind : int32_t { kNone = 0, kRms = 1, kLayer = 2 };
enum class Activation : int32_t { kNone = 0, kSwiglu = 1, kGelu = 2 };
enum class CacheType : int32_t { kF16 = 0, kBf16 = 1, kF32 = 2 };

// What is normalised lies on a thread's stack.
constexpr int64_t kMaxNormalised = 32 * 1024;

struct Norm {
  NormKind kind = NormKind::kNone;
  const float* weight = nullptr;  // [K]
  const float* bias = nullptr;    // [K], kLayer only
  float eps = 0;
};

// The inputs of a product as it multiplies them: T columns, in tiles of `tile` of them.
//
// Quantised in blocks of 32 inputs: values = round(127 x / peak), scale = peak / 127. `correction` is what the unsigned
// weights are too large by: -(what they are stored above their value) * sum of the values, per group of 16 inputs.
struct Columns {
  int tile = 1;
  int8_t* values = nullptr;        // [tiles][K/32][tile][32]
  float* scales = nullptr;         // [tiles][K/32][tile]
  int32_t* corrections = nullptr;  // [tiles][K/32][2][tile]
  float* floats = nullptr;         // [tiles][K][tile], for weights that are floats
  float* sums = nullptr;           // [panels][2][16] of one column's products with a chunk of the inputs
};

// y[T, N] = activation(x[T, K] normalised, times the matrix, + bias) + residual.
struct Product {
  Encoding encoding = Encoding::kQ4;
  int64_t n_out = 0, n_in = 0;
  const uint8_t* weights = nullptr;
  int64_t n_columns = 0;
  const float* x = nullptr;
  Norm norm;
  const float* bias = nullptr;      // [N]
  const float* residual = nullptr;  // [T, Y]
  Activation activation = Activation::kNone;
  float* y = nullptr;  // [T, Y]: Y = N, or N/2 for SwiGLU of gate and up; nullptr where only the best is wanted
};

struct Best {
  float score;
  int32_t index;
};

struct Attention {
  CacheType type = CacheType::kF16;
  void* keys = nullptr;    // of the layer: [K heads][tiles][H][16]
  void* values = nullptr;  // the same
  int64_t n_heads = 0, n_kv_heads = 0, head_dim = 0, n_slots = 0;
  int64_t n_queries = 0, position = 0, window = 0;  // of the first query; slots that a query sees, itself included
  float scale = 1;
  const float* qkv = nullptr;       // [T, (N + 2K) H]
  const float* rotation = nullptr;  // [T, 2, H/2]: cosines, sines; nullptr for none
  float* out = nullptr;             // [T, N H]
  float* partial = nullptr;         // decode of several chunks: [chunks][N][H + 2]: sums, peak, total
};

// Slots that one item of decode attends to: each change of place costs a prefetcher its way. 12 heads of 64 with 4,000
// slots from memory: 14 GB/s in chunks of 512, 22 of 1,024, 24 of 4,096.
constexpr int64_t kChunk = 4096;

// Heads of one KV head that an item of decode takes at most: their sums fill the registers.
constexpr int kTogether = 4;

// Queries that one item of prefill attends for.
constexpr int64_t kQueries = 32;

struct Kernel {
  const char* name;
  bool (*runs_here)();
  int tile;  // columns that a product multiplies at once, if there are more than one

  // Normalise and quantise columns [first, last) of `product` into `columns`; a tile's unused ones become zeros.
  void (*prepare)(const Product& product, const Columns& columns, int64_t first, int64_t last);
  // The outputs of panels [first, last); for SwiGLU of pairs of panels. `best` is updated where it is not null.
  void (*multiply)(const Product& product, const Columns& columns, int64_t first, int64_t last, Best* best);
  // Write keys and values of queries [first, last) of one KV head into the cache.
  void (*remember)(const Attention& attention, int64_t kv_head, int64_t first, int64_t last);
  // One position, one chunk of slots, `count` heads from `first_head` on that share a KV head.
  void (*attend_one)(const Attention& attention, int64_t first_head, int64_t count, int64_t chunk);
  // `kQueries` queries of one head from `first` on.
  void (*attend_many)(const Attention& attention, int64_t head, int64_t first);
  // Reads bytes [0, n) and returns something that depends on all of them.
  uint32_t (*read)(const uint8_t* data, int64_t n);
};

const Kernel* scalar_kernel();
const Kernel* avx2_kernel();
const Kernel* avx_vnni_kernel();
const Kernel* avx512_kernel();
const Kernel* neon_kernel();

// All instruction sets of this build that this CPU runs, best first; ends with nullptr.
const Kernel* const* kernels();
// The one called `name`, or the best for "auto"; nullptr where there is none.
const Kernel* find_kernel(const char* name);

}  // namespace smjax
