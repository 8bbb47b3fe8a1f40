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

// Where the 4 bytes of line `line` of block `block` of an output are.
struct Place {
  uint8_t *quants, *scales;
  int64_t block_bytes;
  int group_count;

  Place(Encoding encoding, int64_t n_in, int64_t output, uint8_t* matrix)
      : quants(matrix + output / kPanel * panel_bytes(encoding, n_in) + output % kPanel * 4),
        scales(matrix + output / kPanel * panel_bytes(encoding, n_in) + scales_offset(encoding, n_in) +
               output % kPanel * 2),
        block_bytes(quant_bytes(encoding)),
        group_count(groups(encoding)) {}

  uint8_t* line(int64_t block, int line) const { return quants + block * block_bytes + line * kLine; }
  uint8_t* scale(int64_t block, int group) const { return scales + (block * group_count + group) * kPanel * 2; }
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

// Q6_K: 256 weights, 32 above their value: 128 bytes of low nibbles, 64 of upper bits, 16 signed scales of 16 weights, an
// f16 scale of them all. Half `i / 128`: quarter q of it takes nibble q / 2 of byte q % 2 * 32 + r and bits 2q of r.
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

void pack_floats(Encoding encoding, int64_t n_in, int64_t output, const uint8_t* row, uint8_t* matrix) {
  const int64_t size = encoding == Encoding::kF16 ? 2 : 4;
  uint8_t* to = matrix + output / kPanel * panel_bytes(encoding, n_in) + output % kPanel * size;
  for (int64_t i = 0; i < n_in; ++i) std::memcpy(to + i * kPanel * size, row + i * size, size_t(size));
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

void pack(Encoding encoding, int64_t n_in, const uint8_t* rows, int64_t n_rows, int64_t first_out, uint8_t* matrix) {
  const int64_t blocks = n_in / kBlock, bytes = stored_row_bytes(encoding, n_in);
  for (int64_t r = 0; r < n_rows; ++r) {
    const uint8_t* row = rows + r * bytes;
    if (!is_quantised(encoding)) {
      pack_floats(encoding, n_in, first_out + r, row, matrix);
      continue;
    }
    const Place place(encoding, n_in, first_out + r, matrix);
    if (encoding == Encoding::kQ4) pack_q4(place, blocks, row);
    if (encoding == Encoding::kQ6) pack_q6(place, blocks, row);
    if (encoding == Encoding::kQ8) pack_q8(place, blocks, row);
  }
}

void unpack_row(Encoding encoding, int64_t n_in, const uint8_t* matrix, int64_t output, float* weights) {
  if (!is_quantised(encoding)) {
    const int64_t size = encoding == Encoding::kF16 ? 2 : 4;
    const uint8_t* from = matrix + output / kPanel * panel_bytes(encoding, n_in) + output % kPanel * size;
    for (int64_t i = 0; i < n_in; ++i, from += kPanel * size) {
      if (encoding == Encoding::kF16) {
        weights[i] = half_to_float(load_u16(from));
      } else {
        std::memcpy(weights + i, from, 4);
      }
    }
    return;
  }
  const Place place(encoding, n_in, output, const_cast<uint8_t*>(matrix));
  for (int64_t i = 0; i < n_in; ++i) {
    const int64_t block = i / kBlock;
    const int within = int(i % kBlock), group = groups(encoding) == 2 ? within / 16 : 0;
    weights[i] = float(stored(encoding, place, block, within)) * half_to_float(load_u16(place.scale(block, group)));
  }
}

}  // namespace smjax
