// How a packed matrix lies in memory, the same for every instruction set.
//
// Outputs come in panels of 16. A panel is a sequence of blocks of 32 inputs, each with the quants of the 16 outputs
// interleaved four bytes at a time: one 64-byte line is 4 inputs of each of the 16 outputs, so that a vector of any
// width holds whole outputs. Blocks come in groups whose scales fill a line, the quants of all before the scales of
// all: pairs where an output has one scale (32 bytes for 16). Before blocks that share scales of scales is a line of
// these. So a matrix is read from its first byte to its last, which is what makes the hardware fetch ahead: with the
// scales of a panel behind all its quants, weights came from memory at 14 GB/s instead of 25 (EPYC, Zen 4), with those
// of 8 blocks behind them at 18 instead of 30 (Zen 5).
//
// Matrices with many inputs are cut into sections of inputs, all panels of the first section before those of the
// second: a panel and the inputs that it is multiplied with then stay in the first cache together. Longer ones drive
// the inputs out before the next panel needs them again (5,632 inputs at once: 20 GB/s).
//
// A block has as many lines of quants as a quant has bits. Vector v of its 8 has inputs 4v…4v+3; the first ones are the
// lowest bits of a line each, and the others what is above these, so that unpacking takes few instructions:
//   4 bits  line j: vector j, above it vector 4+j
//   5 bits  line j < 4: vector j, above it the upper 3 bits of vector 4+j; line 4: the lower 2 bits of vectors 4 to 7
//   6 bits  lines 0 to 2: vectors 0, 1 and 4, above them 2 bits each of vector 5, the lowest in line 0; lines 3 to 5:
//           vectors 2, 3, 6 and 7 likewise
//   8 bits  line j: vector j
// Floats have no blocks: 16 weights of each input follow each other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "encodings.h"
#include "target.h"

namespace smjax {

constexpr int kPanel = 16;
constexpr int kLine = 64;

// Slots of the KV cache that lie together: keys of one head are [S/16][H][16 slots], values [H/E][S/16][E][16 slots]
// with E of `elements_together` elements, as many as there are registers for. Scores run along vectors of slots, and so
// do the sums over values; both read from the first byte to the last (values in pages of all H: 11 GB/s from memory
// instead of 27).
constexpr int kPage = 16;

inline namespace SMJAX_TARGET {

constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

constexpr int64_t panels(int64_t n_out) { return round_up(n_out, kPanel) / kPanel; }

// Bytes of the quants of one block of one panel.
constexpr int64_t quant_bytes(Encoding encoding) { return traits(encoding).bits * kLine; }

// Bytes of the scales of one block of one panel, its minimums among them.
constexpr int64_t scale_bytes(Encoding encoding) {
  const Traits& t = traits(encoding);
  return (t.scales + t.minimum) * kPanel * t.scale_bytes;
}

// Blocks whose scales fill a line.
constexpr int64_t blocks_together(Encoding encoding) { return kLine / scale_bytes(encoding); }

// Blocks that share scales of their scales and of their minimums, a line of both for a panel; 0 where there are none.
constexpr int64_t blocks_sharing(Encoding encoding) {
  return traits(encoding).scale_bytes == 1 ? traits(encoding).stored_weights / kBlock : 0;
}

// Bytes of a panel before block `first`, which begins a pair or what else is together, and before what it shares.
constexpr int64_t bytes_before(Encoding encoding, int64_t first) {
  const int64_t sharing = blocks_sharing(encoding), shared = sharing ? round_up(first, sharing) / sharing : 0;
  return first * quant_bytes(encoding) +
         (round_up(first, blocks_together(encoding)) / blocks_together(encoding) + shared) * kLine;
}

// Where in a panel of `blocks` blocks the quants and the scales of one begin, and what it shares with its group.
struct Offsets {
  int64_t quants, scales, shared;
};
constexpr Offsets block_offsets(Encoding encoding, int64_t block, int64_t blocks) {
  const int64_t together = blocks_together(encoding), bytes = quant_bytes(encoding), sharing = blocks_sharing(encoding);
  const int64_t first = block / together * together, here = blocks - first < together ? blocks - first : together;
  const int64_t stored = sharing ? block / sharing * sharing : 0;
  const int64_t begin = bytes_before(encoding, first) + (sharing && first == stored ? kLine : 0);
  return {begin + (block - first) * bytes, begin + here * bytes + (block - first) * scale_bytes(encoding),
          bytes_before(encoding, stored)};
}

// Bytes of one panel of `n_in` inputs of one section.
constexpr int64_t panel_bytes(Encoding encoding, int64_t n_in) {
  if (!traits(encoding).quantised) return round_up(n_in * kPanel * traits(encoding).stored_bytes, kLine);
  return bytes_before(encoding, n_in / kBlock);
}

// Inputs of a section: those of 19 KB of a panel at most, in whole stored blocks of any encoding.
constexpr int64_t section_inputs(Encoding encoding) {
  constexpr int64_t kBytes = 19 * 1024, kStep = 256;
  return kBytes / panel_bytes(encoding, kStep) * kStep;
}

// The inputs [first, first + count) and the bytes before them of the section that begins at `first`.
struct Section {
  int64_t first, count, offset;
};
constexpr Section section_at(Encoding encoding, int64_t n_out, int64_t n_in, int64_t first) {
  const int64_t size = section_inputs(encoding), left = n_in - first;
  return {first, left < size ? left : size, first / size * panels(n_out) * panel_bytes(encoding, size)};
}

// The section that has an input.
constexpr Section section_of(Encoding encoding, int64_t n_out, int64_t n_in, int64_t input) {
  const int64_t size = section_inputs(encoding);
  return section_at(encoding, n_out, n_in, input / size * size);
}

constexpr int64_t matrix_bytes(Encoding encoding, int64_t n_out, int64_t n_in) {
  const Section last = section_of(encoding, n_out, n_in, n_in - 1);
  return last.offset + panels(n_out) * panel_bytes(encoding, last.count);
}

constexpr int64_t elements_together(int64_t head) {
  int64_t e = 16;
  while (head % e) e /= 2;
  return e;
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
