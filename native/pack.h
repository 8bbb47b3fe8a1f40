// From GGUF's blocks to panels when a model is loaded, and back for rows that are looked up.
#pragma once

#include <cstdint>

#include "layout.h"

namespace smjax {

// Bytes of one stored row of `n_in` weights.
int64_t stored_row_bytes(Encoding encoding, int64_t n_in);

// Puts `n_rows` stored rows in place as the outputs of a matrix from `first_out` on.
void pack(Encoding encoding, int64_t n_out, int64_t n_in, const uint8_t* rows, int64_t n_rows, int64_t first_out,
          uint8_t* matrix) noexcept;

// The weights of one output, [n_in].
void unpack_row(Encoding encoding, int64_t n_out, int64_t n_in, const uint8_t* matrix, int64_t output,
                float* weights) noexcept;

}  // namespace smjax
