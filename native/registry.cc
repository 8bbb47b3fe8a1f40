// The instruction sets, and whether this CPU runs them: asked by code that every CPU runs, before any of theirs.
#include <cstring>

#include "kernel.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__linux__)
#include <sys/auxv.h>
#endif

namespace smjax {

#define SMJAX_KERNEL_OF(isa)  \
  namespace isa {             \
  extern const Kernel kernel; \
  }
SMJAX_KERNEL_OF(avx512)
SMJAX_KERNEL_OF(avx_vnni)
SMJAX_KERNEL_OF(avx2)
SMJAX_KERNEL_OF(neon)
SMJAX_KERNEL_OF(scalar)
#undef SMJAX_KERNEL_OF

namespace {

#if defined(__x86_64__)
[[maybe_unused]] bool has_avx512_vnni() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

// Not asked for F16C, a name that clang 14 does not know: every CPU with AVX2 has it.
[[maybe_unused]] bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

// CPUID leaf 7, subleaf 1: __builtin_cpu_supports knows this feature only in newer compilers.
[[maybe_unused]] bool has_avx_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return has_avx2() && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & (1u << 4));
}
#elif defined(__aarch64__)
[[maybe_unused]] bool has_dot_product() {
#ifdef __linux__
  constexpr unsigned long kAsimdDp = 1ul << 20;  // HWCAP_ASIMDDP
  return (getauxval(AT_HWCAP) & kAsimdDp) != 0;
#else
  return true;  // every Apple CPU that runs macOS
#endif
}
#endif

bool always() { return true; }

struct Built {
  bool (*runs_here)();
  const Kernel* kernel;
};

// Best first. A new instruction set is a line here, the name of its kernel above and a line in smjax_native.cmake.
constexpr Built kBuilt[] = {
#ifdef SMJAX_AVX512
    {has_avx512_vnni, &avx512::kernel},
#endif
#ifdef SMJAX_AVX_VNNI
    {has_avx_vnni, &avx_vnni::kernel},
#endif
#ifdef SMJAX_AVX2
    {has_avx2, &avx2::kernel},
#endif
#ifdef SMJAX_NEON
    {has_dot_product, &neon::kernel},
#endif
    {always, &scalar::kernel},
};
constexpr int kCount = sizeof kBuilt / sizeof *kBuilt;

struct Found {
  const Kernel* kernels[kCount + 1] = {};
  Found() {
    int n = 0;
    for (const Built& built : kBuilt) {
      if (built.runs_here()) kernels[n++] = built.kernel;
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
