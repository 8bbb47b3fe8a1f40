// No vectors at all: what every CPU runs, and what the others are tested against.
#define SMJAX_TARGET scalar
#include "../generic/kernel.h"

namespace smjax {
inline namespace SMJAX_TARGET {

struct Scalar {
  static constexpr int kLanes = 1;
  static constexpr int kTileColumns = 4;
  static constexpr bool kSignedBytes = false;
  static constexpr bool kUnpackFirst = false;
  using F = float;
  using I = uint32_t;

  static F load(const float* p) { return *p; }
  static void store(float* p, F v) { *p = v; }
  static F set(float v) { return v; }
  static F add(F a, F b) { return a + b; }
  static F sub(F a, F b) { return a - b; }
  static F mul(F a, F b) { return a * b; }
  static F div(F a, F b) { return a / b; }
  static F fma(F a, F b, F c) { return a * b + c; }
  static F max(F a, F b) { return a > b ? a : b; }
  static F min(F a, F b) { return a < b ? a : b; }
  static F abs(F a) { return __builtin_fabsf(a); }
  static F round(F a) { return __builtin_nearbyintf(a); }
  static float sum(F a) { return a; }
  static float peak(F a) { return a; }
  static float peak_signed(F a) { return a; }
  static F load_f16(const uint16_t* p) { return half_to_float(*p); }
  static void store_f16(uint16_t* p, F v) { *p = float_to_half(v); }
  static F load_bf16(const uint16_t* p) { return bfloat_to_float(*p); }
  static F load_u8(const uint8_t* p) { return float(*p); }
  static void store_i8(int8_t* p, F v) { *p = v == v ? int8_t(__builtin_nearbyintf(v)) : int8_t(0); }
  static I to_int(F v) { return uint32_t(int32_t(v)); }
  static F to_float(I v) { return float(int32_t(v)); }
  static F power_of_two(I v) { return float_of((v + 127u) << 23); }

  static I load_bytes(const uint8_t* p) {
    I bytes;
    std::memcpy(&bytes, p, 4);
    return bytes;
  }
  static I set_bytes(uint8_t v) { return v * 0x01010101u; }
  static I set_int(int32_t v) { return uint32_t(v); }
  static I add_int(I a, I b) { return a + b; }
  static int32_t first(I v) { return int32_t(v); }
  static I bit_and(I a, I b) { return a & b; }
  static I bit_or(I a, I b) { return a | b; }
  template <int n>
  static I shift_right(I v) {
    return v >> n;
  }
  static I look_up(const uint8_t* table, I bytes) {
    I found = 0;
    for (int i = 0; i < 32; i += 8) found |= I(table[bytes >> i & 15]) << i;
    return found;
  }

  template <int>
  class Dot {
   public:
    Dot() = default;
    explicit Dot(int32_t start) : sum_(start) {}

    template <int n>
    void add(I w, const int8_t* x) {
      for (int i = 0; i < 4; ++i) sum_ += int32_t(uint8_t(w >> (8 * i))) * x[4 * n + i];
    }
    I sums() const { return uint32_t(sum_); }

   private:
    int32_t sum_;
  };
};

// What compilers make of plain loops wherever they can: vectors of 16 bytes, that every 64-bit CPU has.
struct Baseline {
  static constexpr int kLanes = 4;
  static constexpr int kSums = 12;
  static constexpr int kByteProducts = 8;
  typedef float F __attribute__((vector_size(16)));
  typedef uint16_t I __attribute__((vector_size(16)));

  static F set(float v) { return F{v, v, v, v}; }
  static F add(F a, F b) { return a + b; }
  static F fma(F a, F b, F c) { return a * b + c; }
  static float sum(F a) { return a[0] + a[1] + a[2] + a[3]; }
  static F load(const float* p) {
    F v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  static void store(float* p, F v) { std::memcpy(p, &v, sizeof v); }
  static I set_bytes(uint8_t v) {
    const uint16_t w = v;
    return I{w, w, w, w, w, w, w, w};
  }
  static I set_int(int32_t v) { return set_bytes(uint8_t(v)); }
  static I bit_or(I a, I b) { return a | b; }
  static int32_t first(I v) { return v[0]; }
  static I multiply_bytes(I last, I, I x) { return last * x; }
};

constexpr Kernel kernel = make_kernel<Scalar, Baseline>("scalar");

}  // namespace SMJAX_TARGET
}  // namespace smjax
