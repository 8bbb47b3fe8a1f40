// Matrices as files store them, made up, and packed.
#pragma once

#include "../pack.h"
#include "check.h"

namespace smjax::tests {

const char* name(Encoding encoding);

// More inputs than two sections have.
constexpr int64_t many_inputs(Encoding encoding) { return 2 * section_inputs(encoding) + 256; }

// Rows in GGUF's blocks: every quant and sign occurs, values are about as large as those of a model.
std::vector<uint8_t> random_rows(Encoding encoding, int64_t n_in, int64_t n_rows, Random& random);

// What the stored rows mean, [n_rows * n_in], as the GGUF specification says: knows nothing of panels.
std::vector<float> stored_weights(Encoding encoding, int64_t n_in, const std::vector<uint8_t>& rows);

// One packed layer of a stack; the other layers and what pads the last panel are NaN, so that nothing may read them.
struct Matrix {
  Matrix(Encoding encoding, int64_t n_out, int64_t n_in, const std::vector<uint8_t>& rows, int64_t n_layers = 1,
         int32_t used_layer = 0);

  Tensor tensor() { return {bytes.data(), Type::kU8, {layers, matrix_bytes(encoding, n_out, n_in)}}; }
  // Other rows in the place of those that there are.
  void store(const std::vector<uint8_t>& rows);
  // [n_out * n_in], as unpack_row gives them.
  std::vector<float> weights() const;

  Encoding encoding;
  int64_t n_out, n_in, layers;
  int32_t layer;
  Bytes bytes;
};

}  // namespace smjax::tests
