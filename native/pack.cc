#include "pack.h"

#include <cstring>

#include "half.h"

namespace smjax {
namespace {

uint16_t load_u16(const uint8_t* p) {
  uint16_t value;
  std::memcpy(&value, p, 2);
  return value;
}

void store_u16(uint8_t* p, uint16_t value) { std::memcpy(p, &value, 2); }

// Where the 4 bytes of a line and the scales of one output's blocks are.
struct Place {
  Encoding encoding;
  int64_t n_out, n_in, output;
  uint8_t* matrix;

  // The panel of a chunk that has the output.
  uint8_t* panel(const Chunk& chunk) const {
    return matrix + chunk.offset + output / kPanel * panel_bytes(encoding, chunk.count);
  }
  Chunk chunk_of(int64_t input) const {
    return chunk_at(encoding, n_out, n_in, input / chunk_inputs(encoding) * chunk_inputs(encoding));
  }
  uint8_t* line(int64_t block, int line) const {
    const Chunk chunk = chunk_of(block * kBlock);
    const Offsets offsets = block_offsets(encoding, block - chunk.first / kBlock, chunk.count / kBlock);
    return panel(chunk) + offsets.quants + line * kLine + output % kPanel * 4;
  }
  uint8_t* scale(int64_t block, int group) const {
    const Chunk chunk = chunk_of(block * kBlock);
    const Offsets offsets = block_offsets(encoding, block - chunk.first / kBlock, chunk.count / kBlock);
    return panel(chunk) + offsets.scales + (group * kPanel + output % kPanel) * 2;
  }
  // An input of a matrix of floats, `size` bytes each.
  uint8_t* input(int64_t i, int64_t size) const {
    const Chunk chunk = chunk_of(i);
    return panel(chunk) + ((i - chunk.first) * kPanel + output % kPanel) * size;
  }
};

// Q4_0: an f16 scale, then 16 bytes with inputs j (low) and j + 16 (high), each 8 above its value: lines as they are.
void pack_q4(const Place& place, int64_t blocks, const uint8_t* row) {
  for (int64_t b = 0; b < blocks; ++b, row += 18) {
    std::memcpy(place.scale(b, 0), row, 2);
    for (int j = 0; j < 4; ++j) std::memcpy(place.line(b, j), row + 2 + 4 * j, 4);
  }
}

// Q8_0: an f16 scale, then 32 signed bytes.
void pack_q8(const Place& place, int64_t blocks, const uint8_t* row) {
  for (int64_t b = 0; b < blocks; ++b, row += 34) {
    std::memcpy(place.scale(b, 0), row, 2);
    for (int i = 0; i < kBlock; ++i) place.line(b, i / 4)[i % 4] = uint8_t(row[2 + i] ^ 0x80);
  }
}

// Q6_K: 256 weights, 32 above their value: 128 bytes of low nibbles, 64 of upper bits, 16 signed scales of 16 weights,
// an f16 scale of them all. Half `i / 128`: quarter q of it takes nibble q / 2 of byte q % 2 * 32 + r and bits 2q of r.
int q6_weight(const uint8_t* block, int i) {
  const int half = i / 128, quarter = i % 128 / 32, r = i % 32;
  const int low = block[half * 64 + quarter % 2 * 32 + r] >> (quarter / 2 * 4) & 15;
  return low | (block[128 + half * 32 + r] >> (2 * quarter) & 3) << 4;
}

void pack_q6(const Place& place, int64_t blocks, const uint8_t* row) {
  for (int64_t b = 0; b < blocks; ++b) {
    const uint8_t* super = row + b / 8 * 210;
    const int first = int(b % 8) * kBlock;
    for (int line = 0; line < 6; ++line) std::memset(place.line(b, line), 0, 4);
    for (int i = 0; i < kBlock; ++i) {
      const int weight = q6_weight(super, first + i), j = i % 16 / 4, high = i / 16;
      place.line(b, j)[i % 4] |= uint8_t((weight & 15) << (4 * high));
      place.line(b, 4 + j / 2)[i % 4] |= uint8_t((weight >> 4) << (4 * (j % 2) + 2 * high));
    }
    const float scale = half_to_float(load_u16(super + 208));
    for (int group = 0; group < 2; ++group) {
      const auto part = int8_t(super[192 + first / 16 + group]);
      store_u16(place.scale(b, group), float_to_half(scale * float(part)));
    }
  }
}

void pack_floats(const Place& place, const uint8_t* row) {
  const int64_t size = place.encoding == Encoding::kF16 ? 2 : 4;
  for (int64_t i = 0; i < place.n_in; ++i) std::memcpy(place.input(i, size), row + i * size, size_t(size));
}

// Input i of a block as it is stored.
int stored(Encoding encoding, const Place& place, int64_t block, int i) {
  if (encoding == Encoding::kQ8) return place.line(block, i / 4)[i % 4] - 128;
  const int j = i % 16 / 4, high = i / 16;
  const int low = place.line(block, j)[i % 4] >> (4 * high) & 15;
  if (encoding == Encoding::kQ4) return low - 8;
  return (low | (place.line(block, 4 + j / 2)[i % 4] >> (4 * (j % 2) + 2 * high) & 3) << 4) - 32;
}

}  // namespace

int64_t stored_row_bytes(Encoding encoding, int64_t n_in) {
  switch (encoding) {
    case Encoding::kQ4: return n_in / kBlock * 18;
    case Encoding::kQ8: return n_in / kBlock * 34;
    case Encoding::kQ6: return n_in / 256 * 210;
    case Encoding::kF16: return n_in * 2;
    case Encoding::kF32: return n_in * 4;
  }
  return 0;
}

void pack(Encoding encoding, int64_t n_out, int64_t n_in, const uint8_t* rows, int64_t n_rows, int64_t first_out,
          uint8_t* matrix) {
  const int64_t blocks = n_in / kBlock, bytes = stored_row_bytes(encoding, n_in);
  for (int64_t r = 0; r < n_rows; ++r) {
    const uint8_t* row = rows + r * bytes;
    const Place place = {encoding, n_out, n_in, first_out + r, matrix};
    switch (encoding) {
      case Encoding::kQ4: pack_q4(place, blocks, row); break;
      case Encoding::kQ6: pack_q6(place, blocks, row); break;
      case Encoding::kQ8: pack_q8(place, blocks, row); break;
      default: pack_floats(place, row);
    }
  }
}

void unpack_row(Encoding encoding, int64_t n_out, int64_t n_in, const uint8_t* matrix, int64_t output, float* weights) {
  const Place place = {encoding, n_out, n_in, output, const_cast<uint8_t*>(matrix)};
  for (int64_t i = 0; i < n_in; ++i) {
    if (encoding == Encoding::kF32) {
      std::memcpy(weights + i, place.input(i, 4), 4);
    } else if (encoding == Encoding::kF16) {
      weights[i] = half_to_float(load_u16(place.input(i, 2)));
    } else {
      const int64_t block = i / kBlock;
      const int within = int(i % kBlock), group = groups(encoding) == 2 ? within / 16 : 0;
      weights[i] = float(stored(encoding, place, block, within)) * half_to_float(load_u16(place.scale(block, group)));
    }
  }
}

}  // namespace smjax
