// Operations that are called from two threads at once: each gets what it gets alone.
#include <algorithm>
#include <atomic>
#include <thread>

#include "reference.h"

namespace smjax::tests {
namespace {

// Different enough for one to ruin what another has in its memory; the larger are called first by one thread, last by
// the other, so that it grows meanwhile.
std::vector<ProductCase> cases() {
  Random random(13);
  std::vector<ProductCase> all;
  for (int64_t columns : {1, 9}) {
    for (int64_t n_in : {256, 4864}) {
      all.emplace_back(Encoding::kQ4_0, 373, n_in, 1, 0, columns, random);
      all.back().with_norm(NormKind::kRms, random);
    }
  }
  return all;
}

void check_together(int threads) {
  std::vector<ProductCase> products = cases(), mirrored = cases();
  std::reverse(mirrored.begin(), mirrored.end());
  check(start("auto", 1, {}).empty(), "start");
  std::vector<std::vector<float>> expected;
  for (ProductCase& product : products) expected.push_back(product.run());
  const std::vector<std::vector<float>> backwards(expected.rbegin(), expected.rend());
  check(start("auto", threads, {}).empty(), "start");
  std::atomic<int> waiting{2}, different{0};
  const auto call = [&](std::vector<ProductCase>& all, const std::vector<std::vector<float>>& same) {
    for (--waiting; waiting > 0;) std::this_thread::yield();
    for (int round = 0; round < 50; ++round) {
      for (size_t i = 0; i < all.size(); ++i) different += all[i].run() != same[i];
    }
  };
  std::thread other([&] { call(mirrored, backwards); });
  call(products, expected);
  other.join();
  check(different == 0, "calls of two threads at once, " + std::to_string(threads) + " threads");
}

// Another number of threads comes while they are used.
void check_restarts() {
  Random random(14);
  ProductCase product(Encoding::kQ4_0, 373, 1024, 1, 0, 1, random);
  const std::vector<float> expected = product.run();
  std::atomic<bool> ready{false}, done{false};
  std::atomic<int> different{0};
  std::thread other([&] {
    for (ready = true; !done;) different += product.run() != expected;
  });
  while (!ready) std::this_thread::yield();
  bool started = true;
  for (int round = 0; round < 20; ++round) started &= start("auto", 1 + round % 3, {}).empty();
  done = true;
  other.join();
  check(started && different == 0, "threads that are replaced between calls of another thread");
}

}  // namespace

void test_turns() {
  for (int threads : {1, 2, 3}) check_together(threads);
  check_restarts();
}

}  // namespace smjax::tests
