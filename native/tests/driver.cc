// Tests of the kernel without Python and XLA: exits with 1 at the first failure, which it names.
#include <cstdio>

#include "check.h"

int main() {
  using namespace smjax::tests;
  test_halves();
  test_packing();
  test_look_up();
  test_products();
  test_extremes();
  test_argmax();
  test_attention();
  test_refusals();
  test_refused_attention();
  test_overflow();
  test_threads();
  test_turns();
  test_denormals();
  test_exports();
  test_machine();
  test_probes();
  test_trace();
  test_drills();
  std::string names;
  for (const smjax::Kernel* const* kernel = smjax::kernels(); *kernel; ++kernel) {
    names += (names.empty() ? "" : " ") + std::string((*kernel)->name);
  }
  std::printf("%lld checks passed (%s)\n", static_cast<long long>(checks()), names.c_str());
}
