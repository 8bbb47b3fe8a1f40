// AVX2 with the byte products of AVX-VNNI (Alder Lake, Zen 5 and later).
#define SMJAX_TARGET avx_vnni
#include "avx2.h"

namespace smjax {
inline namespace SMJAX_TARGET {

struct AvxVnni : Avx2 {
  static constexpr bool kSignedBytes = false;
  static constexpr bool kUnpackFirst = false;

  // With the intrinsic, whose vectors are of another type, GCC 12 copies the sums in every round: 57 % of the peak.
  static I multiply_bytes(I sums, I w, I x) {
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(w), "x"(x));
    return sums;
  }

  template <int>
  class Dot {
   public:
    Dot() = default;
    explicit Dot(int32_t start) : sums_(set_int(start)) {}

    template <int n>
    void add(I w, const int8_t* x) {
      sums_ = _mm256_dpbusd_avx_epi32(sums_, w, four(x + 4 * n));
    }
    I sums() const { return sums_; }

   private:
    I sums_;
  };
};

constexpr Kernel kernel = make_kernel<AvxVnni>("avx_vnni");

}  // namespace SMJAX_TARGET
}  // namespace smjax
