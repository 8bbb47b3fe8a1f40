// 16-bit floats in plain C++: for loading, for look-ups and for instruction sets without a conversion of their own.
#pragma once

#include <cstdint>
#include <cstring>

#include "target.h"

namespace smjax {
inline namespace SMJAX_TARGET {

inline uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline float half_to_float(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000u) << 16, rest = uint32_t(half & 0x7fffu) << 13;
  if ((half & 0x7c00u) == 0x7c00u) return float_of(sign | rest | 0x7f800000u);
  // Without floats that are denormal themselves: where those count as zeros, halves do not.
  if ((half & 0x7c00u) == 0) return float_of(sign | bits_of(float(int32_t(half & 0x3ffu)) * float_of(0x33800000u)));
  return float_of(sign | (rest + 0x38000000u));  // the exponent's bias is 127, not 15
}

// Rounds to nearest even.
inline uint16_t float_to_half(float value) {
  const uint32_t bits = bits_of(value), sign = (bits >> 16) & 0x8000u, size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) return uint16_t(sign | 0x7e00u);
  if (size >= 0x477ff000u) return uint16_t(sign | 0x7c00u);
  if (size < 0x38800000u) {  // subnormal: adding 0.5 leaves the rounded fraction in the lowest bits
    return uint16_t(sign | (bits_of(float_of(size) + 0.5f) - 0x3f000000u));
  }
  return uint16_t(sign | ((size + 0xfffu + ((size >> 13) & 1u) - 0x38000000u) >> 13));
}

inline float bfloat_to_float(uint16_t bfloat) { return float_of(uint32_t(bfloat) << 16); }

// Rounds to nearest even; NaN stays NaN.
inline uint16_t float_to_bfloat(float value) {
  const uint32_t bits = bits_of(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return uint16_t((bits >> 16) | 0x40u);
  return uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace SMJAX_TARGET
}  // namespace smjax
