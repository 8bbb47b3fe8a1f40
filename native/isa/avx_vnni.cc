// AVX2 with the byte products of AVX-VNNI (Alder Lake, Zen 5 and later).
#define SMJAX_TARGET avx_vnni
#include "avx2.h"

namespace smjax {
inline namespace SMJAX_TARGET {

struct AvxVnni : Avx2 {
  static constexpr bool kSignedBytes = false;

  static I multiply_bytes(I sums, I w, I x) { return _mm256_dpbusd_avx_epi32(sums, w, x); }

  template <int kLargest>
  static I dot4(I sums, const I* w, const int8_t* x) {
    for (int j = 0; j < 4; ++j) sums = _mm256_dpbusd_avx_epi32(sums, w[j], four(x + 4 * j));
    return sums;
  }
};

constexpr Kernel kernel = make_kernel<AvxVnni>("avx_vnni");

}  // namespace SMJAX_TARGET
}  // namespace smjax
