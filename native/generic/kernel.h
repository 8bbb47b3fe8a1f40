// Everything that a kernel consists of, for one instruction set.
//
// An instruction set is a struct with
//   kLanes          floats of a vector, at most 16; a vector of bytes holds 4 inputs of as many outputs
//   kTileColumns    columns that a product multiplies at once: as many sums as its registers hold
//   kSignedBytes    whether a Dot takes stored weights of 8 bits as weight + 128 and subtracts by itself
//   kUnpackFirst    whether several columns are multiplied with a block that is unpacked as a whole, a column at a
//   time:
//                   where a Dot takes two registers, there is no room for those of all columns
//   F, I            vectors of floats, and of 32-bit integers or bytes
//   load, store, set, add, sub, mul, div, fma(a, b, c) = a b + c, min, max, abs, round, sum, peak (of positive lanes),
//   peak_signed, load_f16, store_f16, load_bf16, load_u8, store_i8 (rounded), to_int, to_float, power_of_two
//   load_bytes, set_bytes, set_int, add_int, first, bit_and, bit_or
//   shift_right<n> (bits may cross bytes)
//   look_up(table, bytes) = of each byte, 0 to 15, that one of 16 bytes
//   kSums, kByteProducts, multiply_bytes (peaks.h)
//   Dot<largest>(start), of stored weights up to `largest`: sums that begin with an int and to each of which add<n>(w,
//   x) adds the 4 products of its output's bytes in w with x[4n, 4n + 4); n is 0, 1, 2, 3 in turn, then sums() has them
// and whose file names its namespace, SMJAX_TARGET, before it includes this one.
#pragma once

#include "attend_many.h"
#include "attend_one.h"
#include "peaks.h"
#include "product.h"

namespace smjax {
inline namespace SMJAX_TARGET {

template <class Isa>
uint32_t read(const uint8_t* data, int64_t n) noexcept {
  constexpr int64_t kStep = 4 * Isa::kLanes, kAhead = 4096;
  typename Isa::I sums[4];
  for (auto& sum : sums) sum = Isa::set_int(0);
  int64_t i = 0;
  for (; i + 4 * kStep <= n; i += 4 * kStep) {
    __builtin_prefetch(data + i + kAhead);
    if constexpr (kStep == kLine) {
      for (int s = 1; s < 4; ++s) __builtin_prefetch(data + i + kAhead + s * kLine);
    }
    for (int s = 0; s < 4; ++s) sums[s] = Isa::bit_or(sums[s], Isa::load_bytes(data + i + s * kStep));
  }
  const auto all = Isa::bit_or(Isa::bit_or(sums[0], sums[1]), Isa::bit_or(sums[2], sums[3]));
  uint32_t result = uint32_t(Isa::first(all));
  for (; i < n; ++i) result |= data[i];
  return result;
}

// `Peak` is what its peaks are measured with.
template <class Isa, class Peak = Isa>
constexpr Kernel make_kernel(const char* name) {
  return {name,
          Isa::kTileColumns,
          prepare<Isa>,
          multiply<Isa>,
          remember<Isa>,
          attend_one<Isa>,
          attend_many<Isa>,
          read<Isa>,
          copy<Peak>,
          triad<Peak>,
          {2 * Peak::kSums * Peak::kLanes, multiply_floats<Peak>},
          {2 * Peak::kSums * Peak::kByteProducts, multiply_bytes<Peak>}};
}

// What an instruction set is known by: data alone, so that none of its code runs before it is known to run here.
extern const Kernel kernel;

}  // namespace SMJAX_TARGET
}  // namespace smjax
