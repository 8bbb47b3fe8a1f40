// Blocks of packed weights as vectors of bytes, step by step, and their scales.
#pragma once

#include <cstdint>

#include "../kernel.h"

// What compilers would otherwise call, at twice the time of a product, once it is used in two places.
#define SMJAX_INLINE __attribute__((always_inline))

namespace smjax {
inline namespace SMJAX_TARGET {

// A number that a function is called with when the program is compiled.
template <int n>
struct Number {
  static constexpr int value = n;
};

// f(Number<0>()), f(Number<1>()), … in a row.
template <int kCount, class Function, int n = 0>
SMJAX_INLINE inline void for_numbers(const Function& f) {
  if constexpr (n < kCount) {
    f(Number<n>());
    for_numbers<kCount, Function, n + 1>(f);
  }
}

// Steps in which a block is unpacked: what lies together in a step's lines is multiplied before the next is looked at.
template <class E>
constexpr int unpack_steps() {
  return E::kBits == 8 ? 8 : E::kBits == 6 ? 2 : 4;
}

template <class Isa, class E>
inline typename Isa::I meant(typename Isa::I quants) {
  if constexpr (E::kTable) {
    return Isa::look_up(E::kValues, quants);
  } else {
    return quants;
  }
}

// f(Number<v>(), bytes) for each vector v of a step; layout.h says where they are.
template <class Isa, class E, int kStep, class Function>
SMJAX_INLINE inline void unpack(const uint8_t* block, const Function& f) {
  constexpr int kBits = E::kBits;
  static_assert((4 <= kBits && kBits <= 6) || kBits == 8, "layout.h says how these are packed");
  const auto line = [&](int j) { return Isa::load_bytes(block + j * kLine); };
  const auto own = [](typename Isa::I bytes) { return Isa::bit_and(bytes, Isa::set_bytes((1 << kBits) - 1)); };
  if constexpr (kBits == 4) {
    f(Number<kStep>(), meant<Isa, E>(own(line(kStep))));
    f(Number<4 + kStep>(), meant<Isa, E>(own(Isa::template shift_right<4>(line(kStep)))));
  } else if constexpr (kBits == 5) {
    f(Number<kStep>(), own(line(kStep)));
    const auto upper = Isa::bit_and(Isa::template shift_right<3>(line(kStep)), Isa::set_bytes(0x1c));
    const auto lower = Isa::bit_and(Isa::template shift_right<2 * kStep>(line(4)), Isa::set_bytes(0x03));
    f(Number<4 + kStep>(), Isa::bit_or(upper, lower));
  } else if constexpr (kBits == 6) {
    const auto a = line(3 * kStep), b = line(3 * kStep + 1), c = line(3 * kStep + 2);
    f(Number<2 * kStep>(), own(a));
    f(Number<2 * kStep + 1>(), own(b));
    f(Number<2 * kStep + 4>(), own(c));
    const auto low = Isa::bit_and(Isa::template shift_right<6>(a), Isa::set_bytes(0x03));
    const auto middle = Isa::bit_and(Isa::template shift_right<4>(b), Isa::set_bytes(0x0c));
    const auto high = Isa::bit_and(Isa::template shift_right<2>(c), Isa::set_bytes(0x30));
    f(Number<2 * kStep + 5>(), Isa::bit_or(Isa::bit_or(low, middle), high));
  } else {
    f(Number<kStep>(), line(kStep));
  }
}

template <class Isa>
inline typename Isa::F half_at(const uint8_t* line, int output) {
  return Isa::load_f16(reinterpret_cast<const uint16_t*>(line) + output);
}

// What the scales and the minimums of a group of blocks are multiplied with, of a vector of outputs.
template <class Isa>
struct Shared {
  typename Isa::F factors[2] = {};
};

template <class Isa>
inline Shared<Isa> read_shared(const uint8_t* line, int part) {
  return {{half_at<Isa>(line, part), half_at<Isa>(line, kPanel + part)}};
}

// Scale s of the outputs from `part` on; behind the last is their minimum.
template <class Isa, class E>
inline typename Isa::F scale(const uint8_t* scales, int part, int s, const Shared<Isa>& shared) {
  const int at = s * kPanel + part;
  if constexpr (E::kScaleBytes == 2) {
    return half_at<Isa>(scales, at);
  } else {
    return Isa::mul(Isa::load_u8(scales + at), shared.factors[s]);
  }
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
