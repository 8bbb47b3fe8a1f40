// What tensors and numbers have to be, and the complaints where they are not.
#pragma once

#include "operations.h"

namespace smjax {

std::string text(const Shape& shape);
const char* name(Type type);

Complaint expect(const char* what, const Tensor& t, Type type, const Shape& shape);
Complaint expect_or_empty(const char* what, const Tensor& t, Type type, const Shape& shape);
Complaint expect_that(bool fine, const char* what);
// A number, s32[], of 0 to n - 1.
Complaint expect_index(const char* what, const Tensor& t, int64_t n);

// An encoding, and sizes of a matrix that memory can hold and that consist of whole stored blocks.
Complaint check_matrix(int32_t encoding, int64_t n_out, int64_t n_in);
Complaint check_weights(const Matmul& m, const Tensor& weights);

inline int64_t first_size(const Tensor& t) { return t.shape.empty() ? 0 : t.shape[0]; }

template <class... Complaints>
Complaint first_of(const Complaints&... complaints) {
  Complaint found;
  ((found.empty() ? void(found = complaints) : void()), ...);
  return found;
}

}  // namespace smjax
