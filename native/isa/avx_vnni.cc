// AVX2 with the byte products of AVX-VNNI (Alder Lake, Zen 5 and later).
#include <cpuid.h>

#include "avx2.h"

namespace smjax {
namespace {

struct AvxVnni : Avx2 {
  static constexpr bool kSignedBytes = false;

  template <int kLargest>
  static I dot4(I sums, const I* w, const int8_t* x) {
    for (int j = 0; j < 4; ++j) sums = _mm256_dpbusd_avx_epi32(sums, w[j], four(x + 4 * j));
    return sums;
  }
};

// CPUID leaf 7, subleaf 1: __builtin_cpu_supports knows this feature only in newer compilers.
bool has_avx_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & (1u << 4));
}

}  // namespace

const Kernel* avx_vnni_kernel() {
  static constexpr Kernel kernel =
      make_kernel<AvxVnni>("avx_vnni", [] { return avx2_kernel()->runs_here() && has_avx_vnni(); });
  return &kernel;
}

}  // namespace smjax
