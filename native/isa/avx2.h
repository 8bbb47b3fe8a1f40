// AVX2 with FMA and F16C: vectors of 8 floats or of 8 outputs times 4 inputs.
#pragma once

#include <immintrin.h>

#include "../generic/kernel.h"

namespace smjax {
inline namespace SMJAX_TARGET {

struct Avx2 {
  static constexpr int kLanes = 8;
  static constexpr int kTileColumns = 4;
  static constexpr bool kSignedBytes = true;
  static constexpr int kSums = 12;
  static constexpr int kByteProducts = 32;
  static constexpr bool kUnpackFirst = true;
  using F = __m256;
  using I = __m256i;

  static F load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, F v) { _mm256_storeu_ps(p, v); }
  static F set(float v) { return _mm256_set1_ps(v); }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static F div(F a, F b) { return _mm256_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F max(F a, F b) { return _mm256_max_ps(a, b); }
  static F min(F a, F b) { return _mm256_min_ps(a, b); }
  static F abs(F a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  static F round(F a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static float sum(F a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  static float peak_signed(F a) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
  }
  static float peak(F a) { return peak_signed(a); }
  static F load_f16(const uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  static void store_f16(uint16_t* p, F v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
  static F load_bf16(const uint16_t* p) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
  static F load_u8(const uint8_t* p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }
  static void store_i8(int8_t* p, F v) {
    const __m256i wide = _mm256_cvtps_epi32(v);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(words, words));
  }
  static I to_int(F v) { return _mm256_cvtps_epi32(v); }
  static F to_float(I v) { return _mm256_cvtepi32_ps(v); }
  static F power_of_two(I v) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(v, _mm256_set1_epi32(127)), 23));
  }

  static I load_bytes(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  static I set_bytes(uint8_t v) { return _mm256_set1_epi8(char(v)); }
  static I set_int(int32_t v) { return _mm256_set1_epi32(v); }
  static I add_int(I a, I b) { return _mm256_add_epi32(a, b); }
  static int32_t first(I v) { return _mm256_cvtsi256_si32(v); }
  static I bit_and(I a, I b) { return _mm256_and_si256(a, b); }
  static I bit_or(I a, I b) { return _mm256_or_si256(a, b); }
  template <int n>
  static I shift_right(I v) {
    return _mm256_srli_epi16(v, n);
  }
  static I look_up(const uint8_t* table, I bytes) {
    const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), bytes);
  }

  // What is multiplied next is the last result, as a product that is always the same would be computed once.
  static I multiply_bytes(I last, I, I x) { return _mm256_maddubs_epi16(last, x); }

  // Four inputs of every output.
  static I four(const int8_t* x) {
    int32_t bytes;
    std::memcpy(&bytes, x, 4);
    return _mm256_set1_epi32(bytes);
  }

  // vpmaddubsw adds two products in 16 bits: 31 * 127 * 2 * 4 = 31,496 and 63 * 127 * 2 * 2 = 32,004 fit, so 4 and 2 of
  // its results may be added there. Weights of 8 bits are taken signed, |w| with the sign on x: 128 * 127 * 2 = 32,512.
  template <int kLargest>
  class Dot {
   public:
    Dot() = default;
    explicit Dot(int32_t start) : start_(start) {}

    template <int n>
    void add(I w, const int8_t* x) {
      constexpr int kFit = kLargest <= 31 ? 4 : kLargest <= 63 ? 2 : 1;
      const I products = kFit == 1 ? signed_products(w, four(x + 4 * n)) : _mm256_maddubs_epi16(w, four(x + 4 * n));
      narrow_ = n % kFit == 0 ? products : _mm256_add_epi16(narrow_, products);
      if (n % kFit != kFit - 1) return;
      const I wide = _mm256_madd_epi16(narrow_, _mm256_set1_epi16(1));
      wide_ = n == kFit - 1 ? wide : _mm256_add_epi32(wide_, wide);
    }
    I sums() const { return _mm256_add_epi32(set_int(start_), wide_); }

   private:
    static I signed_products(I w, I x) {
      const I value = _mm256_xor_si256(w, set_bytes(0x80));
      return _mm256_maddubs_epi16(_mm256_abs_epi8(value), _mm256_sign_epi8(x, value));
    }

    int32_t start_;  // added last: until then it takes no register
    I narrow_, wide_;
  };
};

}  // namespace SMJAX_TARGET
}  // namespace smjax
