// Stamps: none unless they are asked for, of every thread in the order of time, and never more than there is room for.
#include "../trace.h"

#include <cstring>

#include "../exports.h"
#include "reference.h"

namespace smjax::tests {
namespace {

std::vector<Stamped> stamps_of(int thread) {
  std::vector<Stamped> found(size_t(std::max<int64_t>(smjax_trace_stamps(thread, nullptr, 0), 0)));
  smjax_trace_stamps(thread, found.data(), int64_t(found.size()));
  return found;
}

std::vector<Called> calls() {
  std::vector<Called> found(size_t(std::max<int64_t>(smjax_trace_calls(nullptr, 0), 0)));
  smjax_trace_calls(found.data(), int64_t(found.size()));
  return found;
}

void check_in_order(const std::vector<Stamped>& stamps, const std::string& what) {
  for (size_t i = 1; i < stamps.size(); ++i) check(stamps[i - 1].ns <= stamps[i].ns, what + " in the order of time");
}

// What one normalised product, large enough to be shared, does on its two threads.
void check_steps(ProductCase& product) {
  check(std::strlen(smjax_trace_start(100, nullptr, 0)) == 0, "a trace");
  product.run();
  smjax_trace_stop();
  product.run();
  std::vector<Step> steps;
  const auto own = stamps_of(0), helper = stamps_of(1);
  for (const Stamped& stamp : own) steps.push_back(Step(stamp.step));
  const std::vector<Step> expected = {Step::kOutside,  Step::kOutside,  Step::kEnter, Step::kFork, Step::kNorm,
                                      Step::kQuantise, Step::kMultiply, Step::kJoin,  Step::kLeave};
  check(steps == expected, "the steps of the thread that calls, while they are asked for");
  check(helper.size() == 5 && Step(helper[1].step) == Step::kWait && Step(helper[4].step) == Step::kMultiply,
        "the steps of a helper");
  check(own[0].call == -1 && own[2].call == 0 && helper[4].call == 0, "the call of each step");
  check_in_order(own, "the caller's");
  check_in_order(helper, "the helper's");
  const auto called = calls();
  check(called.size() == 1 && called[0].layer == 1 && Operation(called[0].operation) == Operation::kMultiply &&
            called[0].data == int64_t(reinterpret_cast<uintptr_t>(product.matrix.bytes.data())),
        "which weights were multiplied");
}

// Of two events of the system's, where it lets anybody count.
void check_counts(ProductCase& product) {
  const int64_t events[] = {1, 1, 1, 2};  // time on a CPU, pages that were not there
  const bool counts = smjax_why_not_counted(events, 2) == 0;
  check(std::strlen(smjax_trace_start(100, events, 2)) == 0, "a trace that counts");
  product.run();
  smjax_trace_stop();
  for (int thread = 0; thread < 2; ++thread) {
    const int64_t n = smjax_trace_stamps(thread, nullptr, 0);
    std::vector<int64_t> found(size_t(2 * n), -1);
    check(smjax_trace_counts(thread, found.data(), 2 * n) == (counts ? 2 * n : -1), "two counts at each stamp");
    for (size_t i = 2; counts && i < found.size(); ++i) check(found[i - 2] <= found[i], "counts that grow");
  }
  const int64_t unknown[] = {1, 1, 1, 1 << 20}, many[2 * (Counters::kMostEvents + 1)] = {};
  check(smjax_why_not_counted(unknown, 2) > 0 && smjax_why_not_counted(unknown, -1) > 0, "an event that there is not");
  check(std::strlen(smjax_trace_start(100, many, Counters::kMostEvents + 1)) > 0, "more events than are read at once");
  check(std::strlen(smjax_trace_start(100, nullptr, 1)) > 0, "events that are nowhere");
  check(smjax_trace_counts(0, nullptr, 1) == -1 && smjax_trace_counts(2, nullptr, 0) == -1, "no memory, no thread");
}

}  // namespace

void test_trace() {
  Random random(31);
  ProductCase product(Encoding::kQ4_0, 512, 256, 2, 1, 1, random);
  product.with_norm(NormKind::kRms, random);
  check(start("auto", 2, {}).empty(), "start");
  check(smjax_trace_stamps(0, nullptr, 0) == -1 && smjax_trace_calls(nullptr, 0) == -1, "no trace before the first");
  product.run();
  check_steps(product);
  check(smjax_trace_stamps(2, nullptr, 0) == -1, "a thread that there is not");
  check(smjax_trace_stamps(0, nullptr, 1) == -1 && smjax_trace_calls(nullptr, 1) == -1, "no memory to copy to");
  check(std::strlen(smjax_trace_start(0, nullptr, 0)) > 0, "a trace of no stamps");
  check(std::strlen(smjax_trace_start(3, nullptr, 0)) == 0, "a small trace");
  const std::vector<float> traced = product.run();
  smjax_trace_stop();
  check(smjax_trace_stamps(0, nullptr, 0) == -1, "more stamps than room");
  check_same(product.run(), traced, "the outputs of a product that is traced");
  check_counts(product);
  check(smjax_stamp_cost() > 0, "the cost of a stamp");
}

}  // namespace smjax::tests
