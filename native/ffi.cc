// What Python loads: XLA's handlers of the operations, and a few functions for ctypes.
#include <exception>

#include "operations.h"
#include "pack.h"
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

template <class Operation>
ffi::Error answer(const Operation& operation) {
  try {
    const Complaint complaint = operation();
    return complaint.empty() ? ffi::Error::Success() : ffi::Error::InvalidArgument("smjax: " + complaint);
  } catch (const std::exception& error) {
    return ffi::Error::Internal(std::string("smjax: ") + error.what());
  }
}

#define SMJAX_MATMUL_ATTRIBUTES \
  Attr<int32_t>("encoding").Attr<int64_t>("n_out").Attr<int64_t>("n_in").Attr<int32_t>("norm").Attr<float>("eps").Attr<int32_t>("activation")

using Any = ffi::AnyBuffer;
using Out = ffi::Result<ffi::AnyBuffer>;

MatmulTensors tensors(const Any& weights, const Any& layer, const Any& x, const Any& norm_weight, const Any& norm_bias,
                      const Any& bias, const Any& residual, Out& y) {
  return {tensor(weights), tensor(layer), tensor(x), tensor(norm_weight), tensor(norm_bias), tensor(bias), tensor(residual), tensor(*y)};
}

ffi::Error Multiply(Any weights, Any layer, Any x, Any norm_weight, Any norm_bias, Any bias, Any residual, Out y,
                    int32_t encoding, int64_t n_out, int64_t n_in, int32_t norm, float eps, int32_t activation) {
  return answer([&] {
    return multiply({encoding, n_out, n_in, norm, eps, activation},
                    tensors(weights, layer, x, norm_weight, norm_bias, bias, residual, y));
  });
}

ffi::Error Choose(Any weights, Any layer, Any x, Any norm_weight, Any norm_bias, Any bias, Any residual, Out y,
                  int32_t encoding, int64_t n_out, int64_t n_in, int32_t norm, float eps, int32_t activation) {
  return answer([&] {
    return choose({encoding, n_out, n_in, norm, eps, activation},
                  tensors(weights, layer, x, norm_weight, norm_bias, bias, residual, y));
  });
}

ffi::Error Attend(Any cache, Any layer, Any qkv, Any position, Any rotation, Out cache_after, Out out, float scale,
                  ffi::Span<const int32_t> windows) {
  return answer([&]() -> Complaint {
    if (cache.untyped_data() != cache_after->untyped_data()) return "cache: expected to be updated in place, found a copy";
    return attend(scale, {windows.begin(), int64_t(windows.size())},
                  {tensor(cache), tensor(layer), tensor(qkv), tensor(position), tensor(rotation), tensor(*out)});
  });
}

ffi::Error LookUp(Any weights, Any ids, Out out, int32_t encoding, int64_t n_out, int64_t n_in) {
  return answer([&] { return look_up({encoding, n_out, n_in}, tensor(weights), tensor(ids), tensor(*out)); });
}

}  // namespace
}  // namespace smjax

#pragma GCC visibility push(default)

XLA_FFI_DEFINE_HANDLER_SYMBOL(smjax_multiply, smjax::Multiply,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>()
                                  .SMJAX_MATMUL_ATTRIBUTES);

XLA_FFI_DEFINE_HANDLER_SYMBOL(smjax_choose, smjax::Choose,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>()
                                  .SMJAX_MATMUL_ATTRIBUTES);

XLA_FFI_DEFINE_HANDLER_SYMBOL(smjax_attend, smjax::Attend,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>()
                                  .Attr<float>("scale")
                                  .Attr<ffi::Span<const int32_t>>("windows"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(smjax_look_up, smjax::LookUp,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>()
                                  .Attr<int32_t>("encoding")
                                  .Attr<int64_t>("n_out")
                                  .Attr<int64_t>("n_in"));

extern "C" {

// Names of the instruction sets that this CPU runs, best first, separated by spaces; valid until the process ends.
const char* smjax_isas() {
  static const std::string names = [] {
    std::string all;
    for (const smjax::Kernel* const* k = smjax::kernels(); *k; ++k) all += (all.empty() ? "" : " ") + std::string((*k)->name);
    return all;
  }();
  return names.c_str();
}

// What is wrong, or an empty text; valid until the next call.
const char* smjax_start(const char* isa, int32_t threads, const int32_t* cpus, int32_t n_cpus) {
  static std::string complaint;
  complaint = smjax::start(isa, threads, {cpus, cpus + n_cpus});
  return complaint.c_str();
}

int64_t smjax_matrix_bytes(int32_t encoding, int64_t n_out, int64_t n_in) {
  return smjax::matrix_bytes(smjax::Encoding(encoding), n_out, n_in);
}

void smjax_pack(int32_t encoding, int64_t n_out, int64_t n_in, const uint8_t* rows, int64_t n_rows,
                                                       int64_t first_out, uint8_t* matrix) {
  smjax::pack(smjax::Encoding(encoding), n_out, n_in, rows, n_rows, first_out, matrix);
}

double smjax_read_bandwidth(int32_t n, const uint8_t* const* data, const int64_t* sizes,
                                                                   double seconds) {
  return smjax::read_bandwidth(n, data, sizes, seconds);
}
}

#pragma GCC visibility pop
