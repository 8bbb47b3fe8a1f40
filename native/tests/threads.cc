// The threads over many operations: tasks follow each other at once, after a sleep, and with fewer CPUs than threads.
#include <chrono>
#include <thread>

#include "reference.h"

namespace smjax::tests {
namespace {

void check_many_runs(ProductCase& product, const std::vector<float>& expected, const std::string& what) {
  for (int i = 0; i < 60; ++i) {
    check_same(product.run(), expected, what);
    // Longer than a helper spins: it sleeps and has to be woken.
    if (i % 20 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

void test_threads() {
  Random random(12);
  for (int64_t columns : {1, 9}) {
    ProductCase product(Encoding::kQ4_0, 373, 256, 1, 0, columns, random);
    check(start("auto", 1, {}).empty(), "start");
    const std::vector<float> expected = product.run();
    for (int threads : {2, 3, 5}) {
      check(start("auto", threads, {}).empty(), "start");
      check_many_runs(product, expected, std::to_string(threads) + " threads");
      check(start("auto", threads, {0}).empty(), "start");
      check_many_runs(product, expected, std::to_string(threads) + " threads for one CPU");
    }
  }
  const Bytes bytes(1000003, 1);
  const uint8_t* data[] = {bytes.data(), bytes.data()};
  const int64_t sizes[] = {1000003, 63};
  everywhere([&](const Setting& setting) {
    check(read_bandwidth(2, data, sizes, 0) > 0, "read bandwidth, " + setting.text());
  });
}

}  // namespace smjax::tests
