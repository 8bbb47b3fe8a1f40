// The encodings of weights: how a file stores each and what of it is packed.
//
// A new one is a struct here, named as GGUF names it, and its place in SMJAX_ENCODINGS.
//
// Reference: the block structures of ggml as the GGUF specification describes them.
#pragma once

#include <cstdint>
#include <cstring>

#include "half.h"
#include "target.h"

// What the library is told of an encoding is its place here.
#define SMJAX_ENCODINGS(X) \
  X(Q4_0) X(Q4_1) X(Q5_0) X(Q5_1) X(Q8_0) X(Q4_K) X(Q5_K) X(Q6_K) X(IQ4_NL) X(F16) X(BF16) X(F32)

namespace smjax {

#define SMJAX_ENUMERATOR(E) k##E,
enum class Encoding : int32_t { SMJAX_ENCODINGS(SMJAX_ENUMERATOR) };
#undef SMJAX_ENUMERATOR

// Inputs of one output that are packed and quantised together.
constexpr int kBlock = 32;

inline namespace SMJAX_TARGET {

// A block of one output on its way into a panel: line j of its quants has 4 bytes of it (layout.h). Its scales, and
// behind them its minimum, are f16, or bytes that are multiplied with what the whole stored block shares.
struct PackedBlock {
  uint8_t quants[8][4] = {};
  uint16_t scales[2] = {};
  uint16_t shared[2] = {};  // f16
};

// What an encoding in blocks has, unless it says otherwise. A struct of one says
//   kStoredWeights, kStoredBytes  of a block as a file stores it
//   kBits                         of a quant as it is packed: 4, 5, 6 or 8, all of them unsigned
//   kAbove                        by how much a quant is above the value that its scale multiplies
//   kScales                       of a block of 32 inputs, each of as many of them
//   kMinimum                      whether all weights of a block have one more number added to them
//   kScaleBytes                   of a scale and of a minimum: 2, or 1 and two f16 for all of a stored block
//   kTable                        whether quants are places in `kValues`, 16 numbers that are those above the values
//   read                          block `part` of a stored one, into one of zeros
struct Quantised {
  static constexpr bool kQuantised = true, kMinimum = false, kTable = false;
  static constexpr int kAbove = 0, kScales = 1, kScaleBytes = 2;
};

// Puts quant q of input i of 32 where layout.h says.
template <int kBits>
inline void put(PackedBlock& to, int i, int q) {
  const int vector = i / 4;
  const auto add = [&](int line, int bits) { to.quants[line][i % 4] |= uint8_t(bits); };
  if (kBits == 4) {
    add(vector % 4, q << (vector / 4 * 4));
  } else if (kBits == 5 && vector >= 4) {
    add(vector - 4, q >> 2 << 5);
    add(4, (q & 3) << (2 * (vector - 4)));
  } else if (kBits == 6) {
    const int first = vector / 2 % 2 * 3, place = vector / 4 * 2 + vector % 2;
    if (place < 3) add(first + place, q);
    for (int n = 0; place == 3 && n < 3; ++n) add(first + n, (q >> (2 * n) & 3) << 6);
  } else {
    add(vector, q);
  }
}

// Input i of a block of lines that are `apart` bytes apart, from where the bytes of its output begin.
template <int kBits>
inline int quant_at(const uint8_t* quants, int apart, int i) {
  const int vector = i / 4;
  const auto line = [&](int j) { return int(quants[j * apart + i % 4]); };
  if (kBits == 4) return line(vector % 4) >> (vector / 4 * 4) & 15;
  if (kBits == 5 && vector >= 4) return line(vector - 4) >> 5 << 2 | (line(4) >> (2 * (vector - 4)) & 3);
  if (kBits == 6) {
    const int first = vector / 2 % 2 * 3, place = vector / 4 * 2 + vector % 2;
    if (place < 3) return line(first + place) & 63;
    return line(first) >> 6 | line(first + 1) >> 6 << 2 | line(first + 2) >> 6 << 4;
  }
  return line(vector) & ((1 << kBits) - 1);
}

// f16 scale and, where there is one, minimum; the fifth bits, input j's is bit j; 16 bytes with inputs j (low) and j +
// 16 (high), which are lines as they are where there is no fifth bit.
template <int kBitsOf, bool kMinimumOf>
struct Plain : Quantised {
  static constexpr bool kMinimum = kMinimumOf;
  static constexpr int kBits = kBitsOf, kAbove = kMinimum ? 0 : 1 << (kBits - 1);
  static constexpr int kScalesEnd = kMinimum ? 4 : 2, kNibbles = kScalesEnd + (kBits == 5 ? 4 : 0);
  static constexpr int kStoredWeights = kBlock, kStoredBytes = kNibbles + kBlock / 2;

  static void read(const uint8_t* stored, int, PackedBlock& to) {
    std::memcpy(to.scales, stored, kScalesEnd);
    if (kBits == 4) {
      std::memcpy(to.quants, stored + kNibbles, kBlock / 2);
      return;
    }
    for (int i = 0; i < kBlock; ++i) {
      const int low = stored[kNibbles + i % 16] >> (i / 16 * 4) & 15;
      put<kBits>(to, i, low | (stored[kScalesEnd + i / 8] >> (i % 8) & 1) << 4);
    }
  }
};
struct Q4_0 : Plain<4, false> {};
struct Q4_1 : Plain<4, true> {};
struct Q5_0 : Plain<5, false> {};
struct Q5_1 : Plain<5, true> {};

// As Q4_0, but that nibbles are places in a table of 16 values.
struct IQ4_NL : Plain<4, false> {
  static constexpr bool kTable = true;
  static constexpr int kAbove = 128;
  static constexpr uint8_t kValues[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
};

// 256 weights: an f16 scale of scales and one of minimums, 8 scales and 8 minimums of 6 bits, the fifth bits, input j's
// of block b is bit b of byte j, and 16 bytes for each block: of two that follow each other first the low nibbles of
// 32 bytes, then the high ones. Minimums are subtracted.
template <int kBitsOf>
struct SuperBlock : Quantised {
  static constexpr bool kMinimum = true;
  static constexpr int kBits = kBitsOf, kScaleBytes = 1;
  static constexpr int kFifths = 16, kNibbles = kFifths + (kBits == 5 ? kBlock : 0);
  static constexpr int kStoredWeights = 256, kStoredBytes = kNibbles + 128;

  static void read(const uint8_t* stored, int part, PackedBlock& to) {
    const uint8_t *nibbles = stored + kNibbles + part / 2 * kBlock, *fifths = stored + kFifths;
    for (int i = 0; i < kBlock; ++i) {
      const int low = nibbles[i] >> (part % 2 * 4) & 15;
      put<kBits>(to, i, kBits == 5 ? low | (fifths[i] >> part & 1) << 4 : low);
    }
    std::memcpy(to.shared, stored, 4);
    to.shared[1] ^= 0x8000;
    // Blocks 0 to 3 have bytes of their own; of 4 to 7 the low nibbles follow, and the others' upper bits are theirs.
    const uint8_t *own = stored + 4 + part % 4, *last = own + 8;
    to.scales[0] = part < 4 ? own[0] & 63 : (last[0] & 15) | own[0] >> 6 << 4;
    to.scales[1] = part < 4 ? own[4] & 63 : last[0] >> 4 | own[4] >> 6 << 4;
  }
};
struct Q4_K : SuperBlock<4> {};
struct Q5_K : SuperBlock<5> {};

// 256 weights: 128 bytes of low nibbles, 64 of upper bits, 16 signed scales of 16 weights, an f16 scale of them all,
// which is multiplied out. Half `i / 128`: quarter q of it takes nibble q / 2 of byte q % 2 * 32 + r and bits 2q of r.
struct Q6_K : Quantised {
  static constexpr int kStoredWeights = 256, kStoredBytes = 210, kBits = 6, kAbove = 32, kScales = 2;

  static int quant(const uint8_t* stored, int i) {
    const int half = i / 128, quarter = i % 128 / 32, r = i % 32;
    const int low = stored[half * 64 + quarter % 2 * 32 + r] >> (quarter / 2 * 4) & 15;
    return low | (stored[128 + half * 32 + r] >> (2 * quarter) & 3) << 4;
  }

  static void read(const uint8_t* stored, int part, PackedBlock& to) {
    const int first = part * kBlock;
    for (int i = 0; i < kBlock; ++i) put<kBits>(to, i, quant(stored, first + i));
    uint16_t of_all;
    std::memcpy(&of_all, stored + 208, 2);
    for (int s = 0; s < kScales; ++s) {
      to.scales[s] = float_to_half(half_to_float(of_all) * float(int8_t(stored[192 + first / 16 + s])));
    }
  }
};

// An f16 scale, then 32 signed bytes.
struct Q8_0 : Quantised {
  static constexpr int kStoredWeights = kBlock, kStoredBytes = 34, kBits = 8, kAbove = 128;

  static void read(const uint8_t* stored, int, PackedBlock& to) {
    std::memcpy(to.scales, stored, 2);
    for (int i = 0; i < kBlock; ++i) put<kBits>(to, i, stored[2 + i] ^ 0x80);
  }
};

// What an encoding of single floats has. Its struct says its element, and what that means, of one and of a vector.
struct Unquantised {
  static constexpr bool kQuantised = false, kMinimum = false;
  static constexpr int kStoredWeights = 1, kBits = 0, kScales = 0, kScaleBytes = 0;
};

struct F16 : Unquantised {
  using Element = uint16_t;
  static constexpr int kStoredBytes = sizeof(Element);

  static float value(Element element) { return half_to_float(element); }
  template <class Isa>
  static typename Isa::F load(const Element* p) {
    return Isa::load_f16(p);
  }
};

struct BF16 : Unquantised {
  using Element = uint16_t;
  static constexpr int kStoredBytes = sizeof(Element);

  static float value(Element element) { return bfloat_to_float(element); }
  template <class Isa>
  static typename Isa::F load(const Element* p) {
    return Isa::load_bf16(p);
  }
};

struct F32 : Unquantised {
  using Element = float;
  static constexpr int kStoredBytes = sizeof(Element);

  static float value(Element element) { return element; }
  template <class Isa>
  static typename Isa::F load(const Element* p) {
    return Isa::load(p);
  }
};

// The constants of an encoding that is known when the program runs.
struct Traits {
  const char* name;
  bool quantised, minimum;
  int stored_weights, stored_bytes, bits, scales, scale_bytes;
};

#define SMJAX_TRAITS(E) \
  {#E, E::kQuantised, E::kMinimum, E::kStoredWeights, E::kStoredBytes, E::kBits, E::kScales, E::kScaleBytes},
constexpr Traits kTraits[] = {SMJAX_ENCODINGS(SMJAX_TRAITS)};
#undef SMJAX_TRAITS

constexpr int32_t kEncodings = sizeof kTraits / sizeof *kTraits;

constexpr const Traits& traits(Encoding encoding) { return kTraits[int(encoding)]; }

// The place in SMJAX_ENCODINGS of an encoding's struct.
template <class E>
struct PlaceOf;
#define SMJAX_PLACE(E)                                \
  template <>                                         \
  struct PlaceOf<E> {                                 \
    static constexpr Encoding value = Encoding::k##E; \
  };
SMJAX_ENCODINGS(SMJAX_PLACE)
#undef SMJAX_PLACE

// Calls f with a value of the encoding's struct.
template <class Function>
inline void with_encoding(Encoding encoding, const Function& f) {
#define SMJAX_CASE(E) \
  case Encoding::k##E: return f(E());
  switch (encoding) { SMJAX_ENCODINGS(SMJAX_CASE) }
#undef SMJAX_CASE
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
