#include "arguments.h"

#include <sstream>

namespace smjax {

std::string text(const Shape& shape) {
  std::ostringstream out;
  out << "[";
  for (size_t i = 0; i < shape.size(); ++i) out << (i ? ", " : "") << shape[i];
  out << "]";
  return out.str();
}

const char* name(Type type) {
  switch (type) {
    case Type::kU8: return "u8";
    case Type::kS32: return "s32";
    case Type::kF16: return "f16";
    case Type::kBf16: return "bf16";
    case Type::kF32: return "f32";
    default: return "another type";
  }
}

Complaint expect(const char* what, const Tensor& t, Type type, const Shape& shape) {
  if (t.type != type || t.shape != shape || t.size() >= Tensor::kTooMany) {
    return std::string(what) + ": expected " + name(type) + text(shape) + ", found " + name(t.type) + text(t.shape);
  }
  if (t.size() && (!t.data || reinterpret_cast<uintptr_t>(t.data) % (type == Type::kU8 ? kLine : 4))) {
    return std::string(what) + ": expected aligned memory, found " + (t.data ? "an odd address" : "none");
  }
  return {};
}

Complaint expect_or_empty(const char* what, const Tensor& t, Type type, const Shape& shape) {
  return t.size() == 0 ? Complaint() : expect(what, t, type, shape);
}

Complaint expect_that(bool fine, const char* what) {
  return fine ? Complaint() : Complaint(std::string("expected ") + what);
}

Complaint expect_index(const char* what, const Tensor& t, int64_t n) {
  if (Complaint c = expect(what, t, Type::kS32, {}); !c.empty()) return c;
  const int32_t index = *static_cast<const int32_t*>(t.data);
  if (index >= 0 && index < n) return {};
  return std::string(what) + ": expected 0 to " + std::to_string(n - 1) + ", found " + std::to_string(index);
}

Complaint check_matrix(int32_t encoding, int64_t n_out, int64_t n_in) {
  if (encoding < 0 || encoding >= kEncodings) {
    return "encoding: expected 0 to " + std::to_string(kEncodings - 1) + ", found " + std::to_string(encoding);
  }
  constexpr int64_t kMany = int64_t(1) << 31;
  if (n_out < 1 || n_in < 1 || n_out >= kMany || n_in >= kMany || n_out * n_in > Tensor::kTooMany) {
    return "matrix: expected sizes of 1 to 2^31 - 1, found " + text({n_out, n_in});
  }
  const Traits& t = traits(Encoding(encoding));
  if (n_in % t.stored_weights == 0) return {};
  return std::string("n_in: expected whole blocks of ") + std::to_string(t.stored_weights) + " for " + t.name +
         ", found " + std::to_string(n_in);
}

Complaint check_weights(const Matmul& m, const Tensor& weights) {
  if (Complaint c = check_matrix(m.encoding, m.n_out, m.n_in); !c.empty()) return c;
  const int64_t layers = first_size(weights);
  if (layers < 1) return "weights: expected at least one layer, found " + text(weights.shape);
  return expect("weights", weights, Type::kU8, {layers, matrix_bytes(Encoding(m.encoding), m.n_out, m.n_in)});
}

}  // namespace smjax
