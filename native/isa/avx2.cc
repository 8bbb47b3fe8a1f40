// AVX2, from the primitives of avx2.h alone.
#define SMJAX_TARGET avx2
#include "avx2.h"

namespace smjax {
inline namespace SMJAX_TARGET {

constexpr Kernel kernel = make_kernel<Avx2>("avx2");

}  // namespace SMJAX_TARGET
}  // namespace smjax
