#include "pack.h"

#include <cstring>

#include "half.h"

namespace smjax {
namespace {

constexpr int64_t kShared = sizeof(PackedBlock::shared[0]);

// Where the weights of one output are in a matrix of bytes, to be written or only read.
template <class E, class Byte>
class Output {
 public:
  static constexpr Encoding kEncoding = PlaceOf<E>::value;

  Output(int64_t n_out, int64_t n_in, Byte* matrix, int64_t output)
      : n_out_(n_out), n_in_(n_in), matrix_(matrix), panel_(output / kPanel), lane_(output % kPanel) {}

  // Its first byte of a block's quants, with more of them in the following lines, its first scale, and the first that
  // it shares.
  struct Block {
    Byte *quants, *scales, *shared;
  };
  Block block(int64_t b) const {
    const Section section = section_of(kEncoding, n_out_, n_in_, b * kBlock);
    const Offsets offsets = block_offsets(kEncoding, b - section.first / kBlock, section.count / kBlock);
    Byte* const panel = panel_of(section);
    return {panel + offsets.quants + lane_ * 4, panel + offsets.scales + lane_ * E::kScaleBytes,
            panel + offsets.shared + lane_ * kShared};
  }

  // An input where weights are floats.
  Byte* input(int64_t i) const {
    const Section section = section_of(kEncoding, n_out_, n_in_, i);
    return panel_of(section) + ((i - section.first) * kPanel + lane_) * E::kStoredBytes;
  }

 private:
  Byte* panel_of(const Section& section) const {
    return matrix_ + section.offset + panel_ * panel_bytes(kEncoding, section.count);
  }

  const int64_t n_out_, n_in_;
  Byte* const matrix_;
  const int64_t panel_, lane_;
};

template <class E>
void pack_row(const Output<E, uint8_t>& output, int64_t n_in, const uint8_t* row) {
  if constexpr (!E::kQuantised) {
    for (int64_t i = 0; i < n_in; ++i) std::memcpy(output.input(i), row + i * E::kStoredBytes, E::kStoredBytes);
  } else {
    constexpr int kParts = E::kStoredWeights / kBlock;
    for (int64_t b = 0; b < n_in / kBlock; ++b) {
      PackedBlock block;
      E::read(row + b / kParts * E::kStoredBytes, int(b % kParts), block);
      const auto to = output.block(b);
      for (int j = 0; j < E::kBits; ++j) std::memcpy(to.quants + j * kLine, block.quants[j], 4);
      for (int s = 0; s < E::kScales + E::kMinimum; ++s) {
        std::memcpy(to.scales + s * kPanel * E::kScaleBytes, &block.scales[s], E::kScaleBytes);
        if (E::kScaleBytes == 1) std::memcpy(to.shared + s * kPanel * kShared, &block.shared[s], kShared);
      }
    }
  }
}

float half_at(const uint8_t* p) {
  uint16_t half;
  std::memcpy(&half, p, sizeof half);
  return half_to_float(half);
}

// Scale s of an output's block; behind the last is its minimum.
template <class E>
float scale(const typename Output<E, const uint8_t>::Block& block, int s) {
  if constexpr (E::kScaleBytes == 2) return half_at(block.scales + s * kPanel * 2);
  return float(block.scales[s * kPanel]) * half_at(block.shared + s * kPanel * kShared);
}

// The weights of one output, block by block: where one is takes longer to say than what it holds.
template <class E>
void unpack_row(const Output<E, const uint8_t>& output, int64_t n_in, float* weights) {
  if constexpr (!E::kQuantised) {
    for (int64_t i = 0; i < n_in; ++i) {
      typename E::Element element;
      std::memcpy(&element, output.input(i), sizeof element);
      weights[i] = E::value(element);
    }
  } else {
    constexpr int kEach = kBlock / E::kScales;
    for (int64_t b = 0; b < n_in / kBlock; ++b) {
      const auto block = output.block(b);
      const float minimum = E::kMinimum ? scale<E>(block, E::kScales) : -0.0f;  // which leaves a zero its sign
      for (int s = 0; s < E::kScales; ++s) {
        const float each = scale<E>(block, s);
        for (int i = s * kEach; i < (s + 1) * kEach; ++i) {
          int stored = quant_at<E::kBits>(block.quants, kLine, i);
          if constexpr (E::kTable) stored = E::kValues[stored];
          weights[b * kBlock + i] = float(stored - E::kAbove) * each + minimum;
        }
      }
    }
  }
}

}  // namespace

int64_t stored_row_bytes(Encoding encoding, int64_t n_in) {
  return n_in / traits(encoding).stored_weights * traits(encoding).stored_bytes;
}

void pack(Encoding encoding, int64_t n_out, int64_t n_in, const uint8_t* rows, int64_t n_rows, int64_t first_out,
          uint8_t* matrix) noexcept {
  const int64_t bytes = stored_row_bytes(encoding, n_in);
  with_encoding(encoding, [&](auto e) {
    for (int64_t r = 0; r < n_rows; ++r) {
      pack_row<decltype(e)>({n_out, n_in, matrix, first_out + r}, n_in, rows + r * bytes);
    }
  });
}

void unpack_row(Encoding encoding, int64_t n_out, int64_t n_in, const uint8_t* matrix, int64_t output,
                float* weights) noexcept {
  with_encoding(encoding, [&](auto e) {
    const Output<decltype(e), const uint8_t> from(n_out, n_in, matrix, output);
    unpack_row(from, n_in, weights);
  });
}

}  // namespace smjax
