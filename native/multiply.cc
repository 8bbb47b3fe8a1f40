// Products: their arguments, and how threads share them.
#include <algorithm>
#include <atomic>
#include <vector>

#include "arguments.h"
#include "operations.h"
#include "runtime.h"
#include "trace.h"

namespace smjax {
namespace {

// Below this a fork and join, 0.4 µs, costs more than a second thread gains (measured on two cores of an EPYC).
constexpr int64_t kBytesWorthSharing = 48 * 1024;

constexpr Best kNothing = {-3.4e38f, 0};

const float* layer_of(const Tensor& t, int64_t layer) {
  return t.size() ? static_cast<const float*>(t.data) + layer * t.shape[1] : nullptr;
}

Complaint check_matmul(const Matmul& m, const MatmulTensors& t) {
  if (Complaint c = check_weights(m, t.weights); !c.empty()) return c;
  if (m.norm < 0 || m.norm > 2) return "norm: expected 0 to 2, found " + std::to_string(m.norm);
  if (m.activation < 0 || m.activation > 3) return "activation: expected 0 to 3, found " + std::to_string(m.activation);
  const int64_t layers = t.weights.shape[0], columns = first_size(t.x);
  const bool normed = m.norm != 0, centred = m.norm == int32_t(NormKind::kLayer);
  return first_of(expect_index("layer", t.layer, layers), expect_that(columns > 0, "at least one column"),
                  expect("x", t.x, Type::kF32, {columns, m.n_in}),
                  normed ? expect("norm_weight", t.norm_weight, Type::kF32, {layers, m.n_in}) : Complaint(),
                  centred ? expect("norm_bias", t.norm_bias, Type::kF32, {layers, m.n_in}) : Complaint(),
                  expect_or_empty("bias", t.bias, Type::kF32, {layers, m.n_out}));
}

// The product that checked tensors describe, but for its outputs.
Product read_matmul(const Matmul& m, const MatmulTensors& t) {
  const int64_t layer = *static_cast<const int32_t*>(t.layer.data);
  const bool centred = m.norm == int32_t(NormKind::kLayer);
  Product p;
  p.encoding = Encoding(m.encoding);
  p.n_out = m.n_out;
  p.n_in = m.n_in;
  p.weights = static_cast<const uint8_t*>(t.weights.data) + layer * t.weights.shape[1];
  p.n_columns = t.x.shape[0];
  p.x = static_cast<const float*>(t.x.data);
  p.norm = {NormKind(m.norm), layer_of(t.norm_weight, layer), centred ? layer_of(t.norm_bias, layer) : nullptr, m.eps};
  p.bias = layer_of(t.bias, layer);
  p.activation = Activation(m.activation);
  p.stamp = stamping();
  return p;
}

// Panels of outputs, or of pairs of panels: what threads share.
int64_t units_of(const Product& p) { return is_gated(p.activation) ? p.n_out / 2 / kPanel : panels(p.n_out); }

Columns carve_columns(Carver& carver, const Product& p, int tile) {
  const int64_t padded = round_up(p.n_columns, tile);
  Columns c;
  c.tile = tile;
  if (traits(p.encoding).quantised) {
    c.values = carver.take<int8_t>(padded * p.n_in);
    c.scales = carver.take<float>(padded * (p.n_in / kBlock));
    c.corrections = carver.take<int32_t>(padded * (p.n_in / kBlock) * 2);
    if (traits(p.encoding).minimum) c.totals = carver.take<float>(padded * (p.n_in / kBlock));
  } else {
    c.floats = carver.take<float>(padded * p.n_in);
  }
  return c;
}

// Every thread normalises and quantises the column for itself, which is sooner done than handed over.
Columns carve_own(Carver& carver, const Product& p, int64_t units) {
  Columns c = carve_columns(carver, p, 1);
  if (p.norm.kind != NormKind::kNone) c.normalised = carver.take<float>(p.n_in);
  if (p.n_in > section_inputs(p.encoding)) c.sums = carver.take<float>(units * 2 * kPanel);
  return c;
}

void multiply_one(const Turn& r, const Product& p, Best* bests) {
  const int64_t units = units_of(p);
  const bool shared = matrix_bytes(p.encoding, p.n_out, p.n_in) >= kBytesWorthSharing;
  Carver needed;
  carve_own(needed, p, shared ? units / r->pool.size() + 1 : units);
  r->own.reserve(needed.used());
  const auto work = [&](int thread, Share part) noexcept {
    Carver carver(r->own.of(thread));
    const Columns columns = carve_own(carver, p, part.end - part.begin);
    Best best = kNothing;
    r->kernel->prepare(p, columns, 0, 1);
    r->kernel->multiply(p, columns, part.begin, part.end, bests ? &best : nullptr);
    stamp(Step::kMultiply);
    if (bests) bests[thread] = best;
  };
  stamp(Step::kEnter);
  if (!shared) return work(0, {0, units});
  r->pool.run([&](int thread) noexcept { work(thread, share(units, thread, r->pool.size())); });
}

void multiply_many(const Turn& r, const Product& p) {
  constexpr int64_t kPanelsAtOnce = 4;
  const int tile = r->kernel->tile;
  Carver needed;
  carve_columns(needed, p, tile);
  r->shared.reserve(needed.used());
  r->own.reserve(p.n_in * int64_t(sizeof(float)));
  Carver carver(r->shared.of());
  const Columns columns = carve_columns(carver, p, tile);
  const int64_t tiles = round_up(p.n_columns, tile) / tile, units = units_of(p);
  stamp(Step::kEnter);
  r->pool.run([&](int thread) noexcept {
    Columns own = columns;
    own.normalised = reinterpret_cast<float*>(r->own.of(thread));
    const Share part = share(tiles, thread, r->pool.size());
    r->kernel->prepare(p, own, part.begin * tile, part.end * tile);
  });
  std::atomic<int64_t> next{0};
  r->pool.run([&](int) noexcept {
    for (int64_t i; (i = next.fetch_add(kPanelsAtOnce)) < units;) {
      r->kernel->multiply(p, columns, i, std::min(i + kPanelsAtOnce, units), nullptr);
    }
    stamp(Step::kMultiply);
  });
}

}  // namespace

Complaint multiply(const Matmul& m, const MatmulTensors& t) {
  const Traced traced(Operation::kMultiply, t.weights, t.layer);
  if (Complaint c = check_matmul(m, t); !c.empty()) return c;
  Product p = read_matmul(m, t);
  const bool gated = is_gated(p.activation);
  if (gated && (m.n_out % (2 * kPanel) || p.bias)) {
    return "a gate: expected outputs in two halves of whole panels, no bias";
  }
  const int64_t n_y = gated ? m.n_out / 2 : m.n_out;
  const Complaint found = first_of(expect("y", t.y, Type::kF32, {p.n_columns, n_y}),
                                   expect_or_empty("residual", t.residual, Type::kF32, {p.n_columns, n_y}));
  if (!found.empty()) return found;
  p.y = static_cast<float*>(t.y.data);
  p.residual = t.residual.size() ? static_cast<const float*>(t.residual.data) : nullptr;
  const Turn turn;
  if (p.n_columns == 1) {
    multiply_one(turn, p, nullptr);
  } else {
    multiply_many(turn, p);
  }
  return {};
}

Complaint argmax(const Matmul& m, const MatmulTensors& t) {
  const Traced traced(Operation::kArgmax, t.weights, t.layer);
  if (Complaint c = check_matmul(m, t); !c.empty()) return c;
  const Product p = read_matmul(m, t);
  if (p.n_columns != 1 || p.bias || p.activation != Activation::kNone) return "argmax: expected one column and no more";
  if (Complaint c = expect("y", t.y, Type::kS32, {}); !c.empty()) return c;
  const Turn turn;
  std::vector<Best> bests(size_t(turn->pool.size()), kNothing);
  multiply_one(turn, p, bests.data());
  Best best = kNothing;
  for (const Best& other : bests) {
    if (other.score > best.score) best = other;
  }
  *static_cast<int32_t*>(t.y.data) = best.index;
  return {};
}

}  // namespace smjax
