// How a packed matrix lies in memory, the same for every instruction set.
//
// Outputs come in panels of 16. A panel holds, block after block of 32 inputs, the quants of its 16 outputs interleaved
// four bytes at a time: one 64-byte line is 4 inputs of each of the 16 outputs, so that a vector of any width holds
// whole outputs. The scales of all blocks follow, 16 to a group of inputs.
//
// Q4  4 lines a block: the low nibbles of line j are inputs 4j…4j+3, the high ones 16+4j…16+4j+3; weight + 8
// Q6  the same 4 lines, then 2 lines of the upper 2 bits: line i serves j = 2i (bits 0-3) and j = 2i+1 (bits 4-7), of
//     each the low inputs first; weight + 32; two scales a block, the stored ones multiplied out
// Q8  8 lines a block, line j inputs 4j…4j+3; weight + 128
// F16, F32  no blocks: 16 weights of each input follow each other
#pragma once

#include <cstddef>
#include <cstdint>

namespace smjax {

constexpr int kPanel = 16;
constexpr int kBlock = 32;
constexpr int kLine = 64;

enum class Encoding : int32_t { kQ4 = 0, kQ6 = 1, kQ8 = 2, kF16 = 3, kF32 = 4 };
constexpr int32_t kEncodings = 5;

constexpr bool is_quantised(Encoding encoding) { return encoding < Encoding::kF16; }

constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

constexpr int64_t panels(int64_t n_out) { return round_up(n_out, kPanel) / kPanel; }

// Groups of inputs with a scale of their own in a block.
constexpr int groups(Encoding encoding) { return encoding == Encoding::kQ6 ? 2 : 1; }

// Bytes of the quants of one block of one panel.
constexpr int64_t quant_bytes(Encoding encoding) {
  switch (encoding) {
    case Encoding::kQ4: return 4 * kLine;
    case Encoding::kQ6: return 6 * kLine;
    case Encoding::kQ8: return 8 * kLine;
    default: return 0;
  }
}

// Where the scales begin in a panel.
constexpr int64_t scales_offset(Encoding encoding, int64_t n_in) { return n_in / kBlock * quant_bytes(encoding); }

constexpr int64_t panel_bytes(Encoding encoding, int64_t n_in) {
  if (encoding == Encoding::kF32) return n_in * kPanel * 4;
  if (encoding == Encoding::kF16) return round_up(n_in * kPanel * 2, kLine);
  return scales_offset(encoding, n_in) + round_up(n_in / kBlock * groups(encoding) * kPanel * 2, kLine);
}

constexpr int64_t matrix_bytes(Encoding encoding, int64_t n_out, int64_t n_in) {
  return panels(n_out) * panel_bytes(encoding, n_in);
}

// Slots of the KV cache come in tiles of 16: [tile][element of the head][16 slots], keys and values alike, so that the
// scores of a query and the sums over values both run along vectors of slots.
constexpr int kTile = 16;

}  // namespace smjax
