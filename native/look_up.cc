// Rows of an embedding.
#include <algorithm>

#include "arguments.h"
#include "operations.h"
#include "pack.h"
#include "trace.h"

namespace smjax {

Complaint look_up(const Matmul& m, const Tensor& weights, const Tensor& ids, const Tensor& out) {
  const Traced traced(Operation::kLookUp, weights, {});
  const int64_t count = ids.size();
  const Complaint found = first_of(check_weights(m, weights), expect("ids", ids, Type::kS32, {count}),
                                   expect("out", out, Type::kF32, {count, m.n_in}));
  if (!found.empty()) return found;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t id = std::clamp<int64_t>(static_cast<const int32_t*>(ids.data)[i], 0, m.n_out - 1);
    unpack_row(Encoding(m.encoding), m.n_out, m.n_in, static_cast<const uint8_t*>(weights.data), id,
               static_cast<float*>(out.data) + i * m.n_in);
  }
  return {};
}

}  // namespace smjax
