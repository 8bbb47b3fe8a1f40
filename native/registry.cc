#include <cstring>

#include "kernel.h"

namespace smjax {
namespace {

// Best first; a new instruction set is a line here and in CMakeLists.txt.
const Kernel* const kBuilt[] = {
#ifdef SMJAX_AVX512
    avx512_kernel(),
#endif
#ifdef SMJAX_AVX_VNNI
    avx_vnni_kernel(),
#endif
#ifdef SMJAX_AVX2
    avx2_kernel(),
#endif
#ifdef SMJAX_NEON
    neon_kernel(),
#endif
    scalar_kernel(),
};
constexpr int kCount = sizeof kBuilt / sizeof *kBuilt;

struct Found {
  const Kernel* kernels[kCount + 1] = {};
  Found() {
    int n = 0;
    for (const Kernel* kernel : kBuilt) {
      if (kernel->runs_here()) kernels[n++] = kernel;
    }
  }
};

}  // namespace

const Kernel* const* kernels() {
  static const Found found;
  return found.kernels;
}

const Kernel* find_kernel(const char* name) {
  const bool best = std::strcmp(name, "auto") == 0;
  for (const Kernel* const* kernel = kernels(); *kernel; ++kernel) {
    if (best || std::strcmp((*kernel)->name, name) == 0) return *kernel;
  }
  return nullptr;
}

}  // namespace smjax
