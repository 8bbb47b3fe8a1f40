// What the machine is measured by, with every instruction set: it does what it says, also for arrays that are no whole
// vectors and for fewer floats than threads.
#include "../drills.h"

#include "check.h"

namespace smjax::tests {
namespace {

void check_streams(int64_t n, const std::string& what) {
  Random random(17);
  const std::vector<float> b = random.normals(n + 1), c = random.normals(n + 1);
  std::vector<float> a(size_t(n) + 1, -7);
  stream(Stream::kRead, a.data(), nullptr, nullptr, n, 2);
  check(a == std::vector<float>(size_t(n) + 1, -7), "what is read stays, " + what);
  stream(Stream::kCopy, a.data(), b.data(), nullptr, n, 2);
  for (int64_t i = 0; i < n; ++i) check(a[size_t(i)] == b[size_t(i)], "a copy, " + what);
  stream(Stream::kTriad, a.data(), b.data(), c.data(), n, 2);
  std::vector<double> expected;
  for (int64_t i = 0; i < n; ++i) expected.push_back(b[size_t(i)] + 3.0 * c[size_t(i)]);
  if (n) check_close({a.begin(), a.end() - 1}, expected, 1e-12, "the triad, " + what);
  check(a.back() == -7, "nothing behind it is written, " + what);
}

}  // namespace

void test_drills() {
  everywhere([](const Setting& setting) {
    for (Factors factors : {Factors::kFloats, Factors::kBytes}) {
      const int64_t one = multiply_add(factors, 1);
      check(one > 0 && multiply_add(factors, 0) == 0, "operations, " + setting.text());
      check(multiply_add(factors, 1000) == 1000 * one, "operations of rounds, " + setting.text());
    }
    for (int64_t n : {0, 1, 17, 4099}) check_streams(n, setting.text());
    for (int count : {0, 1, 20}) fork_and_join(count);
  });
}

}  // namespace smjax::tests
