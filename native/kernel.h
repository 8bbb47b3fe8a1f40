// What an instruction set provides: the functions that every thread of an operation runs, and their arguments.
//
// Letters of shapes: a product has T columns of I inputs, O outputs of the matrix and Y outputs in all; attention has N
// query heads and K KV heads of H elements, of which R are turned, S slots, T queries. L layers are stacked.
#pragma once

#include <cstdint>

#include "layout.h"
#include "step.h"

namespace smjax {

enum class NormKind : int32_t { kNone = 0, kRms = 1, kLayer = 2 };
enum class Activation : int32_t { kNone = 0, kSwiglu = 1, kGelu = 2, kGeglu = 3 };
enum class CacheType : int32_t { kF16 = 0, kBf16 = 1, kF32 = 2 };
// Over each head, or over all heads of the queries (of the keys) together.
enum class HeadNormKind : int32_t { kNone = 0, kRms = 1, kLayer = 2, kWholeRms = 3 };

inline namespace SMJAX_TARGET {
// The first half of the outputs decides how much of the second comes through.
constexpr bool is_gated(Activation a) { return a == Activation::kSwiglu || a == Activation::kGeglu; }
}  // namespace SMJAX_TARGET

struct Norm {
  NormKind kind = NormKind::kNone;
  const float* weight = nullptr;  // [I]
  const float* bias = nullptr;    // [I], kLayer only
  float eps = 0;
};

// The inputs of a product as it multiplies them: T columns, in tiles of `tile` of them.
//
// Quantised in blocks of 32 inputs: values = round(127 x / peak), scale = peak / 127. `corrections` are what the
// unsigned weights are too large by: -(what they are stored above their value) * sum of the values, per group of 16
// inputs. `totals` are what a minimum of the weights is multiplied with: scale * sum of the values.
struct Columns {
  int tile = 1;
  int8_t* values = nullptr;        // [tiles][I/32][tile][32]
  float* scales = nullptr;         // [tiles][I/32][tile]
  int32_t* corrections = nullptr;  // [tiles][I/32][2][tile]
  float* totals = nullptr;         // [tiles][I/32][tile], for weights with a minimum
  float* floats = nullptr;         // [tiles][I][tile], for weights that are floats
  float* normalised = nullptr;     // [I], of the thread
  float* sums = nullptr;           // [panels][2][16], of the thread: one column's products with a section of the inputs
};

// y[T, Y] = activation(x[T, I] normalised, times the matrix, + bias) + residual.
struct Product {
  Encoding encoding = Encoding::kQ4_0;
  int64_t n_out = 0, n_in = 0;
  const uint8_t* weights = nullptr;
  int64_t n_columns = 0;
  const float* x = nullptr;
  Norm norm;
  const float* bias = nullptr;      // [O]
  const float* residual = nullptr;  // [T, Y]
  Activation activation = Activation::kNone;
  float* y = nullptr;  // [T, Y]: Y = O, or O/2 for gate and up; nullptr where only the best is wanted
  Stamp stamp = nullptr;
};

struct Best {
  float score;
  int32_t index;
};

// Of queries or keys, before they are turned.
struct HeadNorm {
  HeadNormKind kind = HeadNormKind::kNone;
  const float* weight = nullptr;  // [heads, H], or [H] for all
  bool shared = false;            // the latter
  float eps = 0;
};

struct Attention {
  CacheType type = CacheType::kF16;
  void* keys = nullptr;    // of the layer: [K][S/16][H][16]
  void* values = nullptr;  // [K][H/E][S/16][E][16]
  int64_t n_heads = 0, n_kv_heads = 0, head_dim = 0, n_slots = 0;
  int64_t n_queries = 0, position = 0, window = 0;  // of the first query; slots that a query sees, itself included
  float scale = 1, score_cap = 0;                   // scores become cap * tanh(score / cap); 0: stay
  HeadNorm query_norm, key_norm;
  const float* qkv = nullptr;       // [T, (N + 2K) H]
  const float* rotation = nullptr;  // [T, 2, R/2]: cosines, sines; nullptr for none
  int64_t rotated = 0;              // R: the first so many elements of a head are turned
  bool halves = false;              // in pairs (i, i + R/2), else (2i, 2i + 1)
  float* out = nullptr;             // [T, N H]
  float* partial = nullptr;         // decode: [splits][N][H + 2]: sums, peak, total
  Stamp stamp = nullptr;
};

constexpr int64_t kMaxHead = 512;

// Slots that one item of decode attends to: each change of place costs a prefetcher its way. 12 heads of 64 with 4,000
// slots from memory: 14 GB/s in splits of 512, 22 of 1,024, 24 of 4,096.
constexpr int64_t kSplit = 4096;

// Heads of one KV head that an item of decode takes at most: their sums fill the registers.
constexpr int kHeadsAtOnce = 4;

// Queries that one item of prefill attends for, and slots that it looks at before it goes on.
constexpr int64_t kQueriesAtOnce = 32;
constexpr int64_t kSlotsAtOnce = 64;

// What a thread needs beside its stack, which may be small (macOS: 512 KB).
struct alignas(kLine) DecodeScratch {
  float scores[kHeadsAtOnce * kSplit];
  float queries[kHeadsAtOnce * kMaxHead];
};
struct alignas(kLine) PrefillScratch {
  float queries[kMaxHead * kQueriesAtOnce], sums[kMaxHead * kQueriesAtOnce];  // [H][32]
  float scores[kSlotsAtOnce * kQueriesAtOnce];                                // [slots][32]
  float slots[kMaxHead * kSlotsAtOnce];                                       // [slots/16][H][16]
  float peaks[kQueriesAtOnce], totals[kQueriesAtOnce];
};

// Arithmetic on registers alone, as fast as the instruction set can: `run` does `rounds` times `flops` operations, a
// multiply-add counting two, and returns something that depends on all of them.
struct Arithmetic {
  int64_t flops;
  float (*run)(int64_t rounds) noexcept;
};

// None of these allocates or throws: what they need is there before the threads fork.
struct Kernel {
  const char* name;
  int tile;  // columns that a product multiplies at once, if there are more than one

  // Normalise and quantise columns [first, last) of `product` into `columns`; a tile's unused ones become zeros.
  void (*prepare)(const Product& product, const Columns& columns, int64_t first, int64_t last) noexcept;
  // The outputs of panels [first, last); with a gate of pairs of panels. `best` is updated where it is not null.
  void (*multiply)(const Product& product, const Columns& columns, int64_t first, int64_t last, Best* best) noexcept;
  // Write keys and values of queries [first, last) of one KV head into the cache.
  void (*remember)(const Attention& attention, int64_t kv_head, int64_t first, int64_t last) noexcept;
  // One position, one split of the slots, `count` heads from `first_head` on that share a KV head.
  void (*attend_one)(const Attention& attention, DecodeScratch& scratch, int64_t first_head, int64_t count,
                     int64_t split) noexcept;
  // `kQueriesAtOnce` queries of one head from `first` on.
  void (*attend_many)(const Attention& attention, PrefillScratch& scratch, int64_t head, int64_t first) noexcept;
  // Reads bytes [0, n) and returns something that depends on all of them.
  uint32_t (*read)(const uint8_t* data, int64_t n) noexcept;
  // to = from, and a = b + 3 c, of n floats.
  void (*copy)(float* to, const float* from, int64_t n) noexcept;
  void (*triad)(float* a, const float* b, const float* c, int64_t n) noexcept;
  // Multiply-adds of floats, and of bytes.
  Arithmetic floats, bytes;
};

// All instruction sets of this build that this CPU runs, best first; ends with nullptr.
const Kernel* const* kernels();
// The one called `name`, or the best for "auto"; nullptr where there is none.
const Kernel* find_kernel(const char* name);

}  // namespace smjax
