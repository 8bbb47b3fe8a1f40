// XLA's handlers of the operations; exports.h has what Python calls by itself.
#include <cstring>
#include <new>
#include <string>

#include "operations.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace smjax {
namespace {

Type type_of(ffi::DataType type) {
  switch (type) {
    case ffi::DataType::U8: return Type::kU8;
    case ffi::DataType::S32: return Type::kS32;
    case ffi::DataType::F16: return Type::kF16;
    case ffi::DataType::BF16: return Type::kBf16;
    case ffi::DataType::F32: return Type::kF32;
    default: return Type::kOther;
  }
}

Tensor tensor(const ffi::AnyBuffer& buffer) {
  const auto dimensions = buffer.dimensions();
  return {buffer.untyped_data(), type_of(buffer.element_type()), Shape(dimensions.begin(), dimensions.end())};
}

// Nothing leaves this as an exception: without memory for more, the error is short enough to need none.
template <class Operation>
ffi::Error answer(const Operation& operation) noexcept {
  try {
    const Complaint complaint = operation();
    return complaint.empty() ? ffi::Error::Success() : ffi::Error::InvalidArgument("smjax: " + complaint);
  } catch (const std::bad_alloc&) {
    return ffi::Error(ffi::ErrorCode::kResourceExhausted, "no memory");
  } catch (...) {
    return ffi::Error(ffi::ErrorCode::kInternal, "unknown error");
  }
}

using Any = ffi::AnyBuffer;
using Out = ffi::Result<ffi::AnyBuffer>;
using Numbers = ffi::Span<const int64_t>;

// One attribute instead of six: each is looked up by its name in every call.
enum { kEncoding, kOutputs, kInputs, kNorm, kActivation, kPresent, kNumbers };

Complaint read_numbers(Numbers numbers, Matmul& m) {
  if (numbers.size() != kNumbers) return "matmul: expected 6 numbers, found " + std::to_string(numbers.size());
  m.encoding = int32_t(numbers[kEncoding]);
  m.n_out = numbers[kOutputs];
  m.n_in = numbers[kInputs];
  m.norm = int32_t(numbers[kNorm]);
  m.activation = int32_t(numbers[kActivation]);
  return {};
}

// The tensors that may be left out, in this order; bit i of `present` tells whether the i-th is there.
Complaint read_optional(ffi::RemainingArgs& rest, int64_t present, MatmulTensors& t) {
  Tensor* const all[] = {&t.norm_weight, &t.norm_bias, &t.bias, &t.residual};
  size_t n = 0;
  for (int i = 0; i < 4; ++i) {
    all[i]->shape = Shape({0});
    if (!(present >> i & 1)) continue;
    const auto buffer = rest.get<Any>(n++);
    if (!buffer) return "matmul: expected more arguments";
    *all[i] = tensor(*buffer);
  }
  return n == rest.size() ? Complaint() : Complaint("matmul: expected fewer arguments");
}

template <class Operation>
ffi::Error matmul(const Operation& operation, const Any& weights, const Any& layer, const Any& x,
                  ffi::RemainingArgs& rest, Out& y, Numbers numbers, float eps) {
  return answer([&]() -> Complaint {
    Matmul m;
    MatmulTensors t;
    if (Complaint c = read_numbers(numbers, m); !c.empty()) return c;
    if (Complaint c = read_optional(rest, numbers[kPresent], t); !c.empty()) return c;
    m.eps = eps;
    t.weights = tensor(weights);
    t.layer = tensor(layer);
    t.x = tensor(x);
    t.y = tensor(*y);
    return operation(m, t);
  });
}

ffi::Error Multiply(Any weights, Any layer, Any x, ffi::RemainingArgs rest, Out y, Numbers numbers, float eps) {
  return matmul(multiply, weights, layer, x, rest, y, numbers, eps);
}

ffi::Error Argmax(Any weights, Any layer, Any x, ffi::RemainingArgs rest, Out y, Numbers numbers, float eps) {
  return matmul(argmax, weights, layer, x, rest, y, numbers, eps);
}

// One attribute of floats and one of whole numbers, as each is looked up by its name in every call.
Complaint read_style(ffi::Span<const float> reals, ffi::Span<const int32_t> kinds, HeadStyle& style) {
  if (reals.size() != 3 || kinds.size() != 2) return "attend: expected 3 reals and 2 kinds";
  style = {reals[0], reals[1], reals[2], kinds[0], kinds[1]};
  return {};
}

ffi::Error Attend(Any cache, Any layer, Any qkv, Any position, Any rotation, Any query_norm, Any key_norm,
                  Out cache_after, Out out, ffi::Span<const float> reals, ffi::Span<const int32_t> kinds,
                  ffi::Span<const int32_t> windows) {
  return answer([&]() -> Complaint {
    HeadStyle style;
    if (Complaint c = read_style(reals, kinds, style); !c.empty()) return c;
    if (cache.untyped_data() != cache_after->untyped_data())
      return "cache: expected to be updated in place, found a copy";
    return attend(style, {windows.begin(), int64_t(windows.size())},
                  {tensor(cache), tensor(layer), tensor(qkv), tensor(position), tensor(rotation), tensor(*out),
                   tensor(query_norm), tensor(key_norm)});
  });
}

ffi::Error LookUp(Any weights, Any ids, Out out, Numbers numbers) {
  return answer([&]() -> Complaint {
    Matmul m;
    if (Complaint c = read_numbers(numbers, m); !c.empty()) return c;
    return look_up(m, tensor(weights), tensor(ids), tensor(*out));
  });
}

// The least that a program can call.
ffi::Error Pass(Any x, Out y) {
  return answer([&]() -> Complaint {
    if (x.size_bytes() != y->size_bytes()) return "pass: expected as many bytes out as in";
    std::memcpy(y->untyped_data(), x.untyped_data(), x.size_bytes());
    return {};
  });
}

}  // namespace
}  // namespace smjax

#pragma GCC visibility push(default)

XLA_FFI_DEFINE_HANDLER_SYMBOL(smjax_multiply, smjax::Multiply,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .RemainingArgs()
                                  .Ret<ffi::AnyBuffer>()
                                  .Attr<smjax::Numbers>("matmul")
                                  .Attr<float>("eps"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(smjax_argmax, smjax::Argmax,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .RemainingArgs()
                                  .Ret<ffi::AnyBuffer>()
                                  .Attr<smjax::Numbers>("matmul")
                                  .Attr<float>("eps"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(smjax_attend, smjax::Attend,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>()
                                  .Attr<ffi::Span<const float>>("reals")
                                  .Attr<ffi::Span<const int32_t>>("kinds")
                                  .Attr<ffi::Span<const int32_t>>("windows"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(
    smjax_look_up, smjax::LookUp,
    ffi::Ffi::Bind().Arg<ffi::AnyBuffer>().Arg<ffi::AnyBuffer>().Ret<ffi::AnyBuffer>().Attr<smjax::Numbers>("matmul"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(smjax_pass, smjax::Pass, ffi::Ffi::Bind().Arg<ffi::AnyBuffer>().Ret<ffi::AnyBuffer>());

#pragma GCC visibility pop
