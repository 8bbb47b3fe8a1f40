#include "avx2.h"

namespace smjax {

const Kernel* avx2_kernel() {
  static constexpr Kernel kernel = make_kernel<Avx2>("avx2", [] {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  });
  return &kernel;
}

}  // namespace smjax
