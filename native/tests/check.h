// What the tests share: counted checks that end the program at the first failure, random numbers, tensors of vectors,
// and the loop over everything that this CPU runs.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../operations.h"
#include "../runtime.h"

namespace smjax::tests {

// Counts a check; where it does not hold, says what and exits with 1.
void check(bool holds, const std::string& what);
int64_t checks();

// The mean squared error over the mean square of what is expected is at most `tolerance`, and all of `found` is finite.
void check_close(const std::vector<float>& found, const std::vector<double>& expected, double tolerance,
                 const std::string& what);

// The same bits.
void check_same(const std::vector<float>& found, const std::vector<float>& expected, const std::string& what);

struct Setting {
  std::string isa;
  int threads;
  std::string text() const { return isa + ", threads " + std::to_string(threads); }
};

// Calls `body` with every instruction set of this CPU and 1, 2 and 3 threads.
void everywhere(const std::function<void(const Setting&)>& body);

// Everywhere: what `run` returns is close to `expected` and does not depend on the threads.
void check_everywhere(const std::vector<double>& expected, double tolerance, const std::string& what,
                      const std::function<std::vector<float>()>& run);

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t bits();
  int below(int n) { return int((bits() >> 33) % uint64_t(n)); }
  double uniform() { return double(bits() >> 11) / double(uint64_t(1) << 53); }  // [0, 1)
  float normal();
  std::vector<float> normals(int64_t n);

 private:
  uint64_t state_;
};

template <class T>
struct TypeOf;
template <>
struct TypeOf<float> {
  static constexpr Type value = Type::kF32;
};
template <>
struct TypeOf<int32_t> {
  static constexpr Type value = Type::kS32;
};

template <class T>
Tensor tensor(std::vector<T>& values, const Shape& shape) {
  return {values.data(), TypeOf<T>::value, shape};
}
inline Tensor tensor(int32_t& value) { return {&value, Type::kS32, {}}; }
inline Tensor no_tensor() { return {nullptr, Type::kF32, {0}}; }

// Gives a tensor another size in one dimension, or one dimension more.
void resize(Tensor& t, size_t dimension, int64_t size);

// Every way in which a tensor that is needed may be wrong: sizes, type, memory.
struct Wrong {
  std::string what;
  std::function<void(Tensor&)> spoil;
};
std::vector<Wrong> wrongs(const Tensor& fine);

// Bytes from a cache line's border on, with none to spare behind them.
class Bytes {
 public:
  Bytes(int64_t n, uint8_t fill);
  uint8_t* data() { return data_.get(); }
  const uint8_t* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  std::unique_ptr<uint8_t, Free> data_;
};

// The tests.
void test_halves();
void test_packing();
void test_look_up();
void test_products();
void test_extremes();
void test_argmax();
void test_attention();
void test_refusals();
void test_refused_attention();
void test_overflow();
void test_threads();
void test_turns();
void test_denormals();
void test_exports();
void test_machine();
void test_probes();
void test_trace();
void test_drills();

}  // namespace smjax::tests
