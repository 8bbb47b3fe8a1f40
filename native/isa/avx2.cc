#include "avx2.h"

namespace smjax {

const Kernel* avx2_kernel() {
  static constexpr Kernel kernel = make_kernel<Avx2>("avx2", [] {
    // Not asked for F16C, a name that clang 14 does not know: every CPU with AVX2 has it.
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  });
  return &kernel;
}

}  // namespace smjax
