#include "operations.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <sstream>

#include "pack.h"
#include "pool.h"

namespace smjax {
namespace {

constexpr int64_t kMaxHeadDim = 512;
// Below these a fork and join, 0.4 µs, costs more than a second thread gains (measured on two cores of an EPYC).
constexpr int64_t kBytesWorthSharing = 48 * 1024;
constexpr int64_t kCacheWorthSharing = 32 * 1024;

// Grows, and never shrinks; 64-byte aligned.
class Scratch {
 public:
  ~Scratch() { std::free(data_); }
  template <class T>
  T* get(int64_t n) {
    const size_t bytes = size_t(round_up(n * int64_t(sizeof(T)) + kLine, kLine));
    if (bytes > bytes_) {
      std::free(data_);
      data_ = std::aligned_alloc(kLine, bytes);
      if (!data_) throw std::bad_alloc();
      bytes_ = bytes;
    }
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

// Room for the inputs of one product.
struct ColumnsScratch {
  Scratch values, scales, corrections, floats, sums;

  Columns columns(const Product& p, int tile) {
    const int64_t padded = round_up(p.n_columns, tile);
    Columns c;
    c.tile = tile;
    if (is_quantised(p.encoding)) {
      c.values = values.get<int8_t>(padded * p.n_in);
      c.scales = scales.get<float>(padded * (p.n_in / kBlock));
      c.corrections = corrections.get<int32_t>(padded * (p.n_in / kBlock) * 2);
    } else {
      c.floats = floats.get<float>(padded * p.n_in);
    }
    return c;
  }
};

struct Runtime {
  const Kernel* kernel;
  Pool pool;
  std::vector<ColumnsScratch> own;  // of each thread
  ColumnsScratch shared;
  Scratch partial;

  Runtime(const Kernel* k, int threads, const std::vector<int>& cpus)
      : kernel(k), pool(threads, cpus), own(size_t(threads)) {}
};

std::unique_ptr<Runtime>& slot() {
  // Never destroyed: the process may end while a helper still spins.
  static auto* const runtime = new std::unique_ptr<Runtime>(new Runtime(find_kernel("auto"), 1, {}));
  return *runtime;
}

Runtime& runtime() { return *slot(); }

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

template <class... Complaints>
Complaint first_of(const Complaints&... complaints) {
  Complaint found;
  ((found.empty() ? void(found = complaints) : void()), ...);
  return found;
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

Complaint check_weights(const Matmul& m, const Tensor& weights) {
  if (m.encoding < 0 || m.encoding >= kEncodings)
    return "encoding: expected 0 to 4, found " + std::to_string(m.encoding);
  const auto encoding = Encoding(m.encoding);
  constexpr int64_t kMany = int64_t(1) << 31;
  if (m.n_out < 1 || m.n_in < 1 || m.n_out >= kMany || m.n_in >= kMany || m.n_out * m.n_in > Tensor::kTooMany) {
    return "matrix: expected sizes of 1 to 2^31 - 1, found " + text({m.n_out, m.n_in});
  }
  if (is_quantised(encoding) && m.n_in % kBlock)
    return "n_in: expected whole blocks of 32, found " + std::to_string(m.n_in);
  const int64_t layers = weights.shape.empty() ? 0 : weights.shape[0];
  if (layers < 1) return "weights: expected at least one layer, found " + text(weights.shape);
  return expect("weights", weights, Type::kU8, {layers, matrix_bytes(encoding, m.n_out, m.n_in)});
}

const float* layer_of(const Tensor& t, int64_t layer) {
  return t.size() ? static_cast<const float*>(t.data) + layer * t.shape[1] : nullptr;
}

// The product that the tensors describe, but for its outputs; `columns` is T.
Complaint read_matmul(const Matmul& m, const MatmulTensors& t, Product& p) {
  if (Complaint c = check_weights(m, t.weights); !c.empty()) return c;
  if (m.norm < 0 || m.norm > 2) return "norm: expected 0 to 2, found " + std::to_string(m.norm);
  if (m.activation < 0 || m.activation > 2) return "activation: expected 0 to 2, found " + std::to_string(m.activation);
  const int64_t layers = t.weights.shape[0], columns = t.x.shape.empty() ? 0 : t.x.shape[0];
  const bool normed = m.norm != 0, centred = m.norm == int32_t(NormKind::kLayer);
  const Complaint found =
      first_of(expect_index("layer", t.layer, layers), expect_that(columns > 0, "at least one column"),
               expect("x", t.x, Type::kF32, {columns, m.n_in}),
               normed ? expect("norm_weight", t.norm_weight, Type::kF32, {layers, m.n_in}) : Complaint(),
               centred ? expect("norm_bias", t.norm_bias, Type::kF32, {layers, m.n_in}) : Complaint(),
               expect_that(!normed || m.n_in <= kMaxNormalised, "at most 32,768 normalised inputs"),
               expect_or_empty("bias", t.bias, Type::kF32, {layers, m.n_out}));
  if (!found.empty()) return found;
  const int64_t layer = *static_cast<const int32_t*>(t.layer.data);
  p.encoding = Encoding(m.encoding);
  p.n_out = m.n_out;
  p.n_in = m.n_in;
  p.weights = static_cast<const uint8_t*>(t.weights.data) + layer * t.weights.shape[1];
  p.n_columns = columns;
  p.x = static_cast<const float*>(t.x.data);
  p.norm = {NormKind(m.norm), layer_of(t.norm_weight, layer), centred ? layer_of(t.norm_bias, layer) : nullptr, m.eps};
  p.bias = layer_of(t.bias, layer);
  p.activation = Activation(m.activation);
  return {};
}

// One column: every thread normalises and quantises it for itself, which is sooner done than handed over.
void multiply_column(const Product& p, Best* best) {
  Runtime& r = runtime();
  const bool gated = p.activation == Activation::kSwiglu;
  const int64_t units = gated ? p.n_out / 2 / kPanel : panels(p.n_out);
  const auto work = [&](int thread, int64_t begin, int64_t end) {
    Columns columns = r.own[size_t(thread)].columns(p, 1);
    columns.sums = r.own[size_t(thread)].sums.get<float>((end - begin) * 2 * kPanel);
    r.kernel->prepare(p, columns, 0, 1);
    r.kernel->multiply(p, columns, begin, end, best ? best + thread : nullptr);
  };
  if (matrix_bytes(p.encoding, p.n_out, p.n_in) < kBytesWorthSharing) return work(0, 0, units);
  r.pool.run([&](int thread) {
    const Share part = share(units, thread, r.pool.size());
    work(thread, part.begin, part.end);
  });
}

void multiply_columns(const Product& p) {
  constexpr int64_t kPanelsAtOnce = 4;
  Runtime& r = runtime();
  const int tile = r.kernel->tile;
  const Columns columns = r.shared.columns(p, tile);
  const int64_t padded = round_up(p.n_columns, tile);
  r.pool.run([&](int thread) {
    const Share part = share(padded / tile, thread, r.pool.size());
    r.kernel->prepare(p, columns, part.begin * tile, part.end * tile);
  });
  const int64_t units = p.activation == Activation::kSwiglu ? p.n_out / 2 / kPanel : panels(p.n_out);
  std::atomic<int64_t> next{0};
  r.pool.run([&](int) {
    for (int64_t i; (i = next.fetch_add(kPanelsAtOnce)) < units;) {
      r.kernel->multiply(p, columns, i, std::min(i + kPanelsAtOnce, units), nullptr);
    }
  });
}

// out[n] = the chunks' sums, each weighted by how its peak compares with the largest, over their total.
void merge(const Attention& a, int64_t chunks) {
  const int64_t head = a.head_dim, stride = head + 2;
  for (int64_t n = 0; n < a.n_heads; ++n) {
    const float* first = a.partial + n * stride;
    float* out = a.out + n * head;
    if (chunks == 1) {
      const float inverse = 1 / first[head + 1];
      for (int64_t h = 0; h < head; ++h) out[h] = first[h] * inverse;
      continue;
    }
    float peak = first[head], total = 0;
    for (int64_t c = 1; c < chunks; ++c) peak = std::max(peak, first[c * a.n_heads * stride + head]);
    std::fill(out, out + head, 0.0f);
    for (int64_t c = 0; c < chunks; ++c) {
      const float* part = first + c * a.n_heads * stride;
      const float weight = std::exp(part[head] - peak);
      total += weight * part[head + 1];
      for (int64_t h = 0; h < head; ++h) out[h] += weight * part[h];
    }
    for (int64_t h = 0; h < head; ++h) out[h] /= total;
  }
}

void attend_one(Attention& a, int64_t cache_bytes) {
  Runtime& r = runtime();
  for (int64_t kv = 0; kv < a.n_kv_heads; ++kv) r.kernel->remember(a, kv, 0, 1);
  const int64_t end = a.position + 1, oldest = std::max<int64_t>(0, end - a.window);
  const int64_t chunks = (end - 1) / kChunk - oldest / kChunk + 1;
  const int64_t group = a.n_heads / a.n_kv_heads, parts = (group + kTogether - 1) / kTogether;
  const int64_t items = a.n_kv_heads * parts * chunks;
  a.partial = r.partial.get<float>(chunks * a.n_heads * (a.head_dim + 2));
  const auto work = [&](Share part) {
    for (int64_t i = part.begin; i < part.end; ++i) {
      const int64_t heads = i / chunks, first = heads % parts * kTogether;
      r.kernel->attend_one(a, heads / parts * group + first, std::min<int64_t>(kTogether, group - first), i % chunks);
    }
  };
  if (cache_bytes < kCacheWorthSharing) {
    work({0, items});
  } else {
    r.pool.run([&](int thread) { work(share(items, thread, r.pool.size())); });
  }
  merge(a, chunks);
}

void attend_many(const Attention& a) {
  Runtime& r = runtime();
  const int64_t blocks = round_up(a.n_queries, kTile) / kTile, groups = round_up(a.n_queries, kQueries) / kQueries;
  std::atomic<int64_t> next{0};
  r.pool.run([&](int) {
    for (int64_t i; (i = next.fetch_add(1)) < a.n_kv_heads * blocks;) {
      const int64_t first = i % blocks * kTile;
      r.kernel->remember(a, i / blocks, first, std::min(first + kTile, a.n_queries));
    }
  });
  next = 0;
  r.pool.run([&](int) {  // the longest first
    for (int64_t i; (i = next.fetch_add(1)) < a.n_heads * groups;) {
      r.kernel->attend_many(a, i % a.n_heads, (groups - 1 - i / a.n_heads) * kQueries);
    }
  });
}

int64_t element_bytes(CacheType type) { return type == CacheType::kF32 ? 4 : 2; }

}  // namespace

Complaint start(const char* isa, int threads, const std::vector<int>& cpus) {
  const Kernel* kernel = find_kernel(isa);
  if (!kernel) return std::string("isa: expected one that was built and that this CPU runs, found ") + isa;
  if (threads < 1 || threads > Pool::kMaxThreads)
    return "threads: expected 1 to 1024, found " + std::to_string(threads);
  slot().reset();
  slot().reset(new Runtime(kernel, threads, cpus));
  return {};
}

Complaint multiply(const Matmul& m, const MatmulTensors& t) {
  Product p;
  if (Complaint c = read_matmul(m, t, p); !c.empty()) return c;
  const bool gated = p.activation == Activation::kSwiglu;
  if (gated && (m.n_out % (2 * kPanel) || p.bias))
    return "SwiGLU: expected outputs in two halves of whole panels, no bias";
  const int64_t n_y = gated ? m.n_out / 2 : m.n_out;
  const Complaint found = first_of(expect("y", t.y, Type::kF32, {p.n_columns, n_y}),
                                   expect_or_empty("residual", t.residual, Type::kF32, {p.n_columns, n_y}));
  if (!found.empty()) return found;
  p.y = static_cast<float*>(t.y.data);
  p.residual = t.residual.size() ? static_cast<const float*>(t.residual.data) : nullptr;
  if (p.n_columns == 1) {
    multiply_column(p, nullptr);
  } else {
    multiply_columns(p);
  }
  return {};
}

Complaint choose(const Matmul& m, const MatmulTensors& t) {
  Product p;
  if (Complaint c = read_matmul(m, t, p); !c.empty()) return c;
  if (p.n_columns != 1 || p.bias || p.activation != Activation::kNone) return "choose: expected one column and no more";
  if (Complaint c = expect("y", t.y, Type::kS32, {}); !c.empty()) return c;
  constexpr Best kNothing = {-3.4e38f, 0};
  std::vector<Best> bests(size_t(runtime().pool.size()), kNothing);
  multiply_column(p, bests.data());
  Best best = kNothing;
  for (const Best& other : bests) {
    if (other.score > best.score) best = other;
  }
  *static_cast<int32_t*>(t.y.data) = best.index;
  return {};
}

Complaint attend(float scale, Windows windows, const AttentionTensors& t) {
  const auto& shape = t.cache.shape;
  if (shape.size() != 6 || shape[0] != 2 || shape[5] != kTile || t.cache.size() < 1 ||
      t.cache.size() >= Tensor::kTooMany) {
    return "cache: expected [2, L, K, S/16, H, 16], found " + text(shape);
  }
  Attention a;
  switch (t.cache.type) {
    case Type::kF16: a.type = CacheType::kF16; break;
    case Type::kBf16: a.type = CacheType::kBf16; break;
    case Type::kF32: a.type = CacheType::kF32; break;
    default: return std::string("cache: expected f16, bf16 or f32, found ") + name(t.cache.type);
  }
  const int64_t layers = shape[1];
  a.n_kv_heads = shape[2];
  a.n_slots = shape[3] * kTile;
  a.head_dim = shape[4];
  a.n_queries = t.qkv.shape.empty() ? 0 : t.qkv.shape[0];
  if (a.n_queries < 1) return "qkv: expected at least one query, found " + text(t.qkv.shape);
  if (a.head_dim > kMaxHeadDim) return "head: expected at most 512 elements, found " + std::to_string(a.head_dim);
  a.n_heads = t.out.shape.size() == 2 ? t.out.shape[1] / a.head_dim : 0;
  if (a.n_heads < 1 || a.n_heads % a.n_kv_heads)
    return "heads: expected a multiple of the KV heads, found " + std::to_string(a.n_heads);
  const int64_t width = (a.n_heads + 2 * a.n_kv_heads) * a.head_dim;
  const Complaint found =
      first_of(expect("cache", t.cache, t.cache.type, shape), expect_index("layer", t.layer, layers),
               expect("qkv", t.qkv, Type::kF32, {a.n_queries, width}),
               expect("out", t.out, Type::kF32, {a.n_queries, a.n_heads * a.head_dim}),
               expect_or_empty("rotation", t.rotation, Type::kF32, {a.n_queries, 2, a.head_dim / 2}),
               expect_that(t.rotation.size() == 0 || a.head_dim % 2 == 0, "an even head size where it is rotated"),
               expect_that(windows.n_layers == layers, "a window of every layer"),
               expect_index("position", t.position, a.n_slots - a.n_queries + 1));
  if (!found.empty()) return found;
  const int64_t layer = *static_cast<const int32_t*>(t.layer.data);
  const int64_t layer_bytes = a.n_kv_heads * a.n_slots * a.head_dim * element_bytes(a.type);
  auto* cache = static_cast<uint8_t*>(t.cache.data);
  a.keys = cache + layer * layer_bytes;
  a.values = cache + (layers + layer) * layer_bytes;
  a.position = *static_cast<const int32_t*>(t.position.data);
  a.window = windows.slots[layer] > 0 ? windows.slots[layer] : a.n_slots;
  a.scale = scale;
  a.qkv = static_cast<const float*>(t.qkv.data);
  a.rotation = t.rotation.size() ? static_cast<const float*>(t.rotation.data) : nullptr;
  a.out = static_cast<float*>(t.out.data);
  if (a.n_queries == 1) {
    attend_one(a, layer_bytes / a.n_slots * std::min(a.window, a.position + 1) * 2);
  } else {
    attend_many(a);
  }
  return {};
}

Complaint look_up(const Matmul& m, const Tensor& weights, const Tensor& ids, const Tensor& out) {
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

double read_bandwidth(int n, const uint8_t* const* data, const int64_t* sizes, double seconds) {
  using Clock = std::chrono::steady_clock;
  Runtime& r = runtime();
  int64_t total = 0;
  for (int i = 0; i < n; ++i) total += sizes[i];
  std::atomic<uint32_t> sink{0};
  const auto pass = [&] {
    r.pool.run([&](int thread) {
      uint32_t seen = 0;
      for (int i = 0; i < n; ++i) {
        const Share part = share(sizes[i] / kLine, thread, r.pool.size());
        seen |= r.kernel->read(data[i] + part.begin * kLine, (part.end - part.begin) * kLine);
      }
      sink |= seen;
    });
  };
  pass();
  std::vector<double> rates;
  const auto until = Clock::now() + std::chrono::duration<double>(seconds);
  do {
    const auto begin = Clock::now();
    pass();
    rates.push_back(double(total) / std::chrono::duration<double>(Clock::now() - begin).count());
  } while (Clock::now() < until || rates.size() < 3);
  std::nth_element(rates.begin(), rates.begin() + int64_t(rates.size() / 2), rates.end());
  return rates[rates.size() / 2];
}

}  // namespace smjax
