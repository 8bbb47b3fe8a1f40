// AVX-512 with VNNI: vectors of 16 floats or of 16 outputs times 4 inputs.
#define SMJAX_TARGET avx512
#include <immintrin.h>

#include "../generic/kernel.h"

namespace smjax {
inline namespace SMJAX_TARGET {

struct Avx512 {
  static constexpr int kLanes = 16;
  static constexpr int kTileColumns = 8;
  static constexpr bool kSignedBytes = false;
  static constexpr int kSums = 16;
  static constexpr int kByteProducts = 64;
  static constexpr bool kUnpackFirst = false;
  using F = __m512;
  using I = __m512i;

  static F load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, F v) { _mm512_storeu_ps(p, v); }
  static F set(float v) { return _mm512_set1_ps(v); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F div(F a, F b) { return _mm512_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F max(F a, F b) { return _mm512_max_ps(a, b); }
  static F min(F a, F b) { return _mm512_min_ps(a, b); }
  static F abs(F a) { return _mm512_abs_ps(a); }
  static F round(F a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static float sum(F a) { return _mm512_reduce_add_ps(a); }
  static float peak(F a) { return _mm512_reduce_max_ps(a); }
  static float peak_signed(F a) { return _mm512_reduce_max_ps(a); }
  static F load_f16(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static void store_f16(uint16_t* p, F v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
  static F load_bf16(const uint16_t* p) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
  static F load_u8(const uint8_t* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  static void store_i8(int8_t* p, F v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(v)));
  }
  static I to_int(F v) { return _mm512_cvtps_epi32(v); }
  static F to_float(I v) { return _mm512_cvtepi32_ps(v); }
  static F power_of_two(I v) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(v, _mm512_set1_epi32(127)), 23));
  }

  static I load_bytes(const uint8_t* p) { return _mm512_loadu_si512(p); }
  static I set_bytes(uint8_t v) { return _mm512_set1_epi8(char(v)); }
  static I set_int(int32_t v) { return _mm512_set1_epi32(v); }
  static I add_int(I a, I b) { return _mm512_add_epi32(a, b); }
  static int32_t first(I v) { return _mm_cvtsi128_si32(_mm512_castsi512_si128(v)); }
  static I bit_and(I a, I b) { return _mm512_and_si512(a, b); }
  static I bit_or(I a, I b) { return _mm512_or_si512(a, b); }
  template <int n>
  static I shift_right(I v) {
    return _mm512_srli_epi16(v, n);
  }
  static I look_up(const uint8_t* table, I bytes) {
    const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(values), bytes);
  }

  static I multiply_bytes(I sums, I w, I x) { return _mm512_dpbusd_epi32(sums, w, x); }

  template <int>
  class Dot {
   public:
    Dot() = default;
    explicit Dot(int32_t start) : sums_(set_int(start)) {}

    template <int n>
    void add(I w, const int8_t* x) {
      int32_t bytes;
      std::memcpy(&bytes, x + 4 * n, 4);
      sums_ = _mm512_dpbusd_epi32(sums_, w, _mm512_set1_epi32(bytes));
    }
    I sums() const { return sums_; }

   private:
    I sums_;
  };
};

constexpr Kernel kernel = make_kernel<Avx512>("avx512");

}  // namespace SMJAX_TARGET
}  // namespace smjax
