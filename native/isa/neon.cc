// NEON with the dot product instructions of Armv8.2 (every Arm server since Neoverse N1, Apple since the M1).
#define SMJAX_TARGET neon
#include <arm_neon.h>

#include "../generic/kernel.h"

namespace smjax {
inline namespace SMJAX_TARGET {

struct Neon {
  static constexpr int kLanes = 4;
  static constexpr int kTileColumns = 8;
  static constexpr bool kSignedBytes = true;
  static constexpr int kSums = 16;
  static constexpr int kByteProducts = 16;
  static constexpr bool kUnpackFirst = false;
  using F = float32x4_t;
  using I = uint8x16_t;

  static F load(const float* p) { return vld1q_f32(p); }
  static void store(float* p, F v) { vst1q_f32(p, v); }
  static F set(float v) { return vdupq_n_f32(v); }
  static F add(F a, F b) { return vaddq_f32(a, b); }
  static F sub(F a, F b) { return vsubq_f32(a, b); }
  static F mul(F a, F b) { return vmulq_f32(a, b); }
  static F div(F a, F b) { return vdivq_f32(a, b); }
  static F fma(F a, F b, F c) { return vfmaq_f32(c, a, b); }
  static F max(F a, F b) { return vmaxq_f32(a, b); }
  static F min(F a, F b) { return vminq_f32(a, b); }
  static F abs(F a) { return vabsq_f32(a); }
  static F round(F a) { return vrndnq_f32(a); }
  static float sum(F a) { return vaddvq_f32(a); }
  static float peak(F a) { return vmaxvq_f32(a); }
  static float peak_signed(F a) { return vmaxvq_f32(a); }
  static F load_f16(const uint16_t* p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
  static void store_f16(uint16_t* p, F v) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(v))); }
  static F load_bf16(const uint16_t* p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }
  static F load_u8(const uint8_t* p) {
    uint32_t bytes;
    std::memcpy(&bytes, p, 4);
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(bytes)))));
  }
  static void store_i8(int8_t* p, F v) {
    const int16x4_t words = vqmovn_s32(vcvtnq_s32_f32(v));
    const int8x8_t bytes = vqmovn_s16(vcombine_s16(words, words));
    std::memcpy(p, &bytes, 4);
  }
  static I to_int(F v) { return vreinterpretq_u8_s32(vcvtnq_s32_f32(v)); }
  static F to_float(I v) { return vcvtq_f32_s32(vreinterpretq_s32_u8(v)); }
  static F power_of_two(I v) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vreinterpretq_s32_u8(v), vdupq_n_s32(127)), 23));
  }

  static I load_bytes(const uint8_t* p) { return vld1q_u8(p); }
  static I set_bytes(uint8_t v) { return vdupq_n_u8(v); }
  static I set_int(int32_t v) { return vreinterpretq_u8_s32(vdupq_n_s32(v)); }
  static I add_int(I a, I b) {
    return vreinterpretq_u8_s32(vaddq_s32(vreinterpretq_s32_u8(a), vreinterpretq_s32_u8(b)));
  }
  static int32_t first(I v) { return vgetq_lane_s32(vreinterpretq_s32_u8(v), 0); }
  static I bit_and(I a, I b) { return vandq_u8(a, b); }
  static I bit_or(I a, I b) { return vorrq_u8(a, b); }
  template <int n>
  static I shift_right(I v) {
    if constexpr (n == 0) {
      return v;
    } else {
      return vshrq_n_u8(v, n);
    }
  }
  static I look_up(const uint8_t* table, I bytes) { return vqtbl1q_u8(vld1q_u8(table), bytes); }

  static I multiply_bytes(I sums, I w, I x) {
    return vreinterpretq_u8_s32(vdotq_s32(vreinterpretq_s32_u8(sums), vreinterpretq_s8_u8(w), vreinterpretq_s8_u8(x)));
  }

  // sdot takes both sides signed: stored weights of 8 bits lose their 128 here.
  template <int kLargest>
  class Dot {
   public:
    Dot() = default;
    explicit Dot(int32_t start) : sums_(vdupq_n_s32(start)) {}

    template <int n>
    void add(I w, const int8_t* x) {
      const int8x16_t weights = vreinterpretq_s8_u8(kLargest > 127 ? veorq_u8(w, vdupq_n_u8(0x80)) : w);
      sums_ = vdotq_laneq_s32(sums_, weights, vld1q_s8(x), n);
    }
    I sums() const { return vreinterpretq_u8_s32(sums_); }

   private:
    int32x4_t sums_;
  };
};

constexpr Kernel kernel = make_kernel<Neon>("neon");

}  // namespace SMJAX_TARGET
}  // namespace smjax
