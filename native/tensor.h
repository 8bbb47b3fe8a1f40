// What an operation is handed: memory, the type of its elements and its shape.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>

namespace smjax {

enum class Type { kU8, kS32, kF16, kBf16, kF32, kOther };

// Sizes in place: 300 of these are made for a token, and a vector each would take 6 µs of the allocator.
class Shape {
 public:
  static constexpr size_t kMaxRank = 8;
  Shape() = default;
  Shape(std::initializer_list<int64_t> sizes) : Shape(sizes.begin(), sizes.end()) {}
  // More sizes than there is room for make a shape that is like no other.
  template <class Iterator>
  Shape(Iterator begin, Iterator end) {
    for (; begin != end; ++begin) {
      if (rank_ == kMaxRank)
        sizes_[0] = -1;
      else
        sizes_[rank_++] = int64_t(*begin);
    }
  }

  size_t size() const { return rank_; }
  bool empty() const { return rank_ == 0; }
  int64_t operator[](size_t i) const { return sizes_[i]; }
  const int64_t* begin() const { return sizes_; }
  const int64_t* end() const { return sizes_ + rank_; }
  bool operator==(const Shape& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }
  bool operator!=(const Shape& other) const { return !(*this == other); }

 private:
  size_t rank_ = 0;
  int64_t sizes_[kMaxRank] = {};
};

struct Tensor {
  void* data = nullptr;
  Type type = Type::kOther;
  Shape shape;

  // Elements; of more than memory can hold, `kTooMany`.
  static constexpr int64_t kTooMany = int64_t(1) << 56;
  int64_t size() const {
    int64_t n = 1;
    for (int64_t d : shape) {
      if (__builtin_mul_overflow(n, d, &n) || n > kTooMany) return kTooMany;
    }
    return n;
  }
};

}  // namespace smjax
