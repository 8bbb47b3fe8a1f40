// The encodings of weights: how a file stores each and what of it is packed.
//
// A new one is a struct here, named as GGUF names it, and its place in SMJAX_ENCODINGS.
//
// Reference: the block structures of ggml (Q4_0, Q8_0, Q6_K) as the GGUF specification describes them.
#pragma once

#include <cstdint>
#include <cstring>

#include "half.h"
#include "target.h"

// What the library is told of an encoding is its place here.
#define SMJAX_ENCODINGS(X) X(Q4_0) X(Q6_K) X(Q8_0) X(F16) X(F32)

namespace smjax {

#define SMJAX_ENUMERATOR(E) k##E,
enum class Encoding : int32_t { SMJAX_ENCODINGS(SMJAX_ENUMERATOR) };
#undef SMJAX_ENUMERATOR

// Inputs of one output that are packed and quantised together.
constexpr int kBlock = 32;

inline namespace SMJAX_TARGET {

// A block of one output on its way into a panel: line j of its quants has 4 bytes of it (layout.h).
struct PackedBlock {
  uint8_t quants[8][4];
  uint16_t scales[2];  // f16
};

// What an encoding in blocks has, unless it says otherwise. A struct of one says
//   kStoredWeights, kStoredBytes  of a block as a file stores it
//   kBits                         of a quant as it is packed: 4, 6 or 8, all of them unsigned
//   kAbove                        by how much a quant is above the value that its scale multiplies
//   kScales                       of a block of 32 inputs, each of as many of them
//   kSection                      inputs of a section: 16 to 18 KB of a panel
//   read                          block `part` of a stored one
struct Quantised {
  static constexpr bool kQuantised = true;
  static constexpr int kScales = 1;
};

// An f16 scale, then 16 bytes with inputs j (low) and j + 16 (high): lines as they are.
struct Q4_0 : Quantised {
  static constexpr int kStoredWeights = 32, kStoredBytes = 18, kBits = 4, kAbove = 8;
  static constexpr int64_t kSection = 64 * kBlock;

  static void read(const uint8_t* stored, int, PackedBlock& to) {
    std::memcpy(to.scales, stored, 2);
    std::memcpy(to.quants, stored + 2, 16);
  }
};

// 256 weights: 128 bytes of low nibbles, 64 of upper bits, 16 signed scales of 16 weights, an f16 scale of them all,
// which is multiplied out. Half `i / 128`: quarter q of it takes nibble q / 2 of byte q % 2 * 32 + r and bits 2q of r.
struct Q6_K : Quantised {
  static constexpr int kStoredWeights = 256, kStoredBytes = 210, kBits = 6, kAbove = 32, kScales = 2;
  static constexpr int64_t kSection = 40 * kBlock;

  static int quant(const uint8_t* stored, int i) {
    const int half = i / 128, quarter = i % 128 / 32, r = i % 32;
    const int low = stored[half * 64 + quarter % 2 * 32 + r] >> (quarter / 2 * 4) & 15;
    return low | (stored[128 + half * 32 + r] >> (2 * quarter) & 3) << 4;
  }

  static void read(const uint8_t* stored, int part, PackedBlock& to) {
    const int first = part * kBlock;
    std::memset(to.quants, 0, sizeof to.quants);
    for (int i = 0; i < kBlock; ++i) {
      const int bits = quant(stored, first + i), j = i % 16 / 4, high = i / 16;
      to.quants[j][i % 4] |= uint8_t((bits & 15) << (4 * high));
      to.quants[4 + j / 2][i % 4] |= uint8_t((bits >> 4) << (4 * (j % 2) + 2 * high));
    }
    uint16_t of_all;
    std::memcpy(&of_all, stored + 208, 2);
    for (int s = 0; s < kScales; ++s) {
      to.scales[s] = float_to_half(half_to_float(of_all) * float(int8_t(stored[192 + first / 16 + s])));
    }
  }
};

// An f16 scale, then 32 signed bytes.
struct Q8_0 : Quantised {
  static constexpr int kStoredWeights = 32, kStoredBytes = 34, kBits = 8, kAbove = 128;
  static constexpr int64_t kSection = 32 * kBlock;

  static void read(const uint8_t* stored, int, PackedBlock& to) {
    std::memcpy(to.scales, stored, 2);
    for (int i = 0; i < kBlock; ++i) to.quants[i / 4][i % 4] = uint8_t(stored[2 + i] ^ 0x80);
  }
};

// What an encoding of single floats has. Its struct says its element, how many inputs a section has, and what an
// element means, of one and of a vector.
struct Unquantised {
  static constexpr bool kQuantised = false;
  static constexpr int kStoredWeights = 1, kBits = 0, kAbove = 0, kScales = 0;
};

struct F16 : Unquantised {
  using Element = uint16_t;
  static constexpr int kStoredBytes = sizeof(Element);
  static constexpr int64_t kSection = 512;

  static float value(Element element) { return half_to_float(element); }
  template <class Isa>
  static typename Isa::F load(const Element* p) {
    return Isa::load_f16(p);
  }
};

struct F32 : Unquantised {
  using Element = float;
  static constexpr int kStoredBytes = sizeof(Element);
  static constexpr int64_t kSection = 256;

  static float value(Element element) { return element; }
  template <class Isa>
  static typename Isa::F load(const Element* p) {
    return Isa::load(p);
  }
};

// The constants of an encoding that is known when the program runs.
struct Traits {
  const char* name;
  bool quantised;
  int stored_weights, stored_bytes, bits, scales;
  int64_t section;
};

#define SMJAX_TRAITS(E) {#E, E::kQuantised, E::kStoredWeights, E::kStoredBytes, E::kBits, E::kScales, E::kSection},
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
