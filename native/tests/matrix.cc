#include "matrix.h"

#include <cstring>

#include "../half.h"

namespace smjax::tests {
namespace {

void append(std::vector<uint8_t>& rows, const void* data, size_t n) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  rows.insert(rows.end(), bytes, bytes + n);
}

void append_half(std::vector<uint8_t>& rows, double value) {
  const uint16_t half = float_to_half(float(value));
  append(rows, &half, 2);
}

void append_bytes(std::vector<uint8_t>& rows, int n, Random& random) {
  for (int i = 0; i < n; ++i) rows.push_back(uint8_t(random.bits()));
}

// A scale and a minimum such that weights are about as often above as below nothing.
void append_centred(std::vector<uint8_t>& rows, double size, double middle, Random& random) {
  const double sign = random.below(2) ? 1 : -1;
  append_half(rows, sign * size * (0.5 + random.uniform()));
  append_half(rows, sign * size * middle * (0.5 + random.uniform()));
}

// Positive and negative, none of them nothing.
double scale(double size, Random& random) { return (random.below(2) ? size : -size) * (0.5 + random.uniform()); }

void append_block(std::vector<uint8_t>& rows, Encoding encoding, Random& random) {
  switch (encoding) {
    case Encoding::kQ4_0:
    case Encoding::kIQ4_NL: append_half(rows, scale(0.01, random)); return append_bytes(rows, 16, random);
    case Encoding::kQ5_0: append_half(rows, scale(0.005, random)); return append_bytes(rows, 4 + 16, random);
    case Encoding::kQ4_1:
    case Encoding::kQ5_1:
      append_centred(rows, encoding == Encoding::kQ4_1 ? 0.01 : 0.005, encoding == Encoding::kQ4_1 ? -7.5 : -15.5,
                     random);
      return append_bytes(rows, encoding == Encoding::kQ4_1 ? 16 : 4 + 16, random);
    case Encoding::kQ4_K:
    case Encoding::kQ5_K:
      append_centred(rows, encoding == Encoding::kQ4_K ? 2e-4 : 1e-4, encoding == Encoding::kQ4_K ? 7.5 : 15.5, random);
      return append_bytes(rows, 12 + (encoding == Encoding::kQ4_K ? 128 : 32 + 128), random);
    case Encoding::kQ8_0: append_half(rows, scale(0.001, random)); return append_bytes(rows, 32, random);
    case Encoding::kQ6_K: append_bytes(rows, 128 + 64 + 16, random); return append_half(rows, scale(3e-5, random));
    case Encoding::kF16: return append_half(rows, 0.05 * random.normal());
    case Encoding::kBF16: {
      const uint16_t value = float_to_bfloat(0.05f * random.normal());
      return append(rows, &value, 2);
    }
    case Encoding::kF32: {
      const float value = 0.05f * random.normal();
      return append(rows, &value, 4);
    }
  }
}

float half_at(const uint8_t* p) {
  uint16_t half;
  std::memcpy(&half, p, 2);
  return half_to_float(half);
}

void unpack_q6(const uint8_t* block, float* weights) {
  const float scale = half_at(block + 208);
  const auto* scales = reinterpret_cast<const int8_t*>(block + 192);
  for (int half = 0; half < 2; ++half) {
    const uint8_t *low = block + half * 64, *high = block + 128 + half * 32;
    float* to = weights + half * 128;
    for (int r = 0; r < 32; ++r) {
      const int q[4] = {(low[r] & 15) | (high[r] & 3) << 4, (low[r + 32] & 15) | (high[r] >> 2 & 3) << 4,
                        low[r] >> 4 | (high[r] >> 4 & 3) << 4, low[r + 32] >> 4 | (high[r] >> 6) << 4};
      for (int i = 0; i < 4; ++i) to[i * 32 + r] = scale * float(scales[half * 8 + i * 2 + r / 16]) * float(q[i] - 32);
    }
  }
}

// Weights of 4 or 5 bits: scale and minimum, if they have one, the fifth bits, 16 bytes.
void unpack_plain(const uint8_t* block, bool minimum, int bits, float* weights) {
  const uint8_t *upper = block + (minimum ? 4 : 2), *nibbles = upper + (bits == 5 ? 4 : 0);
  for (int i = 0; i < 32; ++i) {
    int q = nibbles[i % 16] >> (i < 16 ? 0 : 4) & 15;
    if (bits == 5 && (upper[i / 8] & 1 << i % 8)) q += 16;
    weights[i] = half_at(block) * float(minimum ? q : q - (bits == 5 ? 16 : 8));
    if (minimum) weights[i] += half_at(block + 2);
  }
}

// Two halves of a byte in each of which a scale, or a minimum, of 6 bits lies: the 12 bytes are 96 bits that say where.
void unpack_k(const uint8_t* block, int bits, float* weights) {
  const uint8_t *packed = block + 4, *upper = block + 16, *nibbles = upper + (bits == 5 ? 32 : 0);
  int scales[8], minimums[8];
  for (int b = 0; b < 4; ++b) {
    scales[b] = packed[b] % 64, minimums[b] = packed[b + 4] % 64;
    scales[b + 4] = packed[b + 8] % 16 + packed[b] / 64 * 16;
    minimums[b + 4] = packed[b + 8] / 16 + packed[b + 4] / 64 * 16;
  }
  for (int b = 0; b < 8; ++b) {
    for (int i = 0; i < 32; ++i) {
      int q = b % 2 ? nibbles[b / 2 * 32 + i] / 16 : nibbles[b / 2 * 32 + i] % 16;
      if (bits == 5 && (upper[i] & 1 << b)) q += 16;
      weights[b * 32 + i] = half_at(block) * float(scales[b]) * float(q) - half_at(block + 2) * float(minimums[b]);
    }
  }
}

void unpack_iq4_nl(const uint8_t* block, float* weights) {
  constexpr float kValues[] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  for (int i = 0; i < 16; ++i) {
    weights[i] = half_at(block) * kValues[block[2 + i] % 16];
    weights[i + 16] = half_at(block) * kValues[block[2 + i] / 16];
  }
}

void unpack_block(Encoding encoding, const uint8_t* block, float* weights) {
  switch (encoding) {
    case Encoding::kQ4_0: return unpack_plain(block, false, 4, weights);
    case Encoding::kQ4_1: return unpack_plain(block, true, 4, weights);
    case Encoding::kQ5_0: return unpack_plain(block, false, 5, weights);
    case Encoding::kQ5_1: return unpack_plain(block, true, 5, weights);
    case Encoding::kQ4_K: return unpack_k(block, 4, weights);
    case Encoding::kQ5_K: return unpack_k(block, 5, weights);
    case Encoding::kIQ4_NL: return unpack_iq4_nl(block, weights);
    case Encoding::kQ8_0:
      for (int i = 0; i < 32; ++i) weights[i] = half_at(block) * float(int8_t(block[2 + i]));
      return;
    case Encoding::kQ6_K: return unpack_q6(block, weights);
    case Encoding::kF16: *weights = half_at(block); return;
    case Encoding::kBF16: {
      uint16_t value;
      std::memcpy(&value, block, 2);
      *weights = bfloat_to_float(value);
      return;
    }
    case Encoding::kF32: std::memcpy(weights, block, 4); return;
  }
}

}  // namespace

const char* name(Encoding encoding) { return traits(encoding).name; }

std::vector<uint8_t> random_rows(Encoding encoding, int64_t n_in, int64_t n_rows, Random& random) {
  std::vector<uint8_t> rows;
  for (int64_t i = 0; i < n_rows * n_in / traits(encoding).stored_weights; ++i) append_block(rows, encoding, random);
  return rows;
}

std::vector<float> stored_weights(Encoding encoding, int64_t n_in, const std::vector<uint8_t>& rows) {
  const int64_t bytes = stored_row_bytes(encoding, traits(encoding).stored_weights),
                blocks = int64_t(rows.size()) / bytes;
  check(blocks * traits(encoding).stored_weights % n_in == 0, "whole rows");
  std::vector<float> weights(size_t(blocks * traits(encoding).stored_weights));
  for (int64_t b = 0; b < blocks; ++b)
    unpack_block(encoding, &rows[size_t(b * bytes)], &weights[size_t(b * traits(encoding).stored_weights)]);
  return weights;
}

Matrix::Matrix(Encoding e, int64_t out, int64_t in, const std::vector<uint8_t>& rows, int64_t n_layers,
               int32_t used_layer)
    : encoding(e),
      n_out(out),
      n_in(in),
      layers(n_layers),
      layer(used_layer),
      bytes(n_layers * matrix_bytes(e, out, in), 0xff) {
  store(rows);
}

void Matrix::store(const std::vector<uint8_t>& rows) {
  check(int64_t(rows.size()) == n_out * stored_row_bytes(encoding, n_in), "rows of a matrix");
  pack(encoding, n_out, n_in, rows.data(), n_out, 0, bytes.data() + layer * matrix_bytes(encoding, n_out, n_in));
}

std::vector<float> Matrix::weights() const {
  std::vector<float> all(size_t(n_out * n_in));
  const uint8_t* matrix = bytes.data() + layer * matrix_bytes(encoding, n_out, n_in);
  for (int64_t n = 0; n < n_out; ++n) unpack_row(encoding, n_out, n_in, matrix, n, &all[size_t(n * n_in)]);
  return all;
}

}  // namespace smjax::tests
