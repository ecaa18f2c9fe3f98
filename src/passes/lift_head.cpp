#include "passes/lift_head.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <new>

#include "base/code_pages.h"
#include "base/memory.h"
#include "ir/infer.h"
#include "passes/head_hypotheses.h"
#include "passes/head_tail.h"
#include "reference/work.h"

namespace shrike {

namespace {

// Of a file that means no good: a decode of a real model takes a few hundred million steps
// (reference/work.h), and stands behind one of the first outputs.
constexpr double kMostWork = 1 << 30;
constexpr size_t kMostTries = 32;

using Maps = std::vector<Tensor>;

// Raw maps filled with what `value` gives.
Result<Maps> maps_of(const HeadTail& tail, double& work_left, auto&& value) {
  constexpr double kStepsPerValue = 16;
  Maps maps;
  for (ValueId id : tail.graph.inputs) {
    const Shape& shape = *tail.graph.static_shape(id);
    work_left -= kStepsPerValue * static_cast<double>(shape.element_count().value_or(INT64_MAX));
    if (!(work_left >= 0)) return model_error("its raw maps are too large to try them");
    SHRIKE_ASSIGN(Tensor map, Tensor::make(DType::kF32, shape));
    for (float& x : map.mutable_data<float>()) x = value();
    maps.push_back(std::move(map));
  }
  return maps;
}

// The maps go on the way: with what is computed from them they take more than all else here.
Result<Tensor> run_tail(const HeadTail& tail, Maps maps, double& work_left) {
  SHRIKE_ASSIGN(std::vector<Tensor> outputs,
                evaluate_graph_within(work_left, tail.graph, std::move(maps)));
  return std::move(outputs[0]);
}

Result<Tensor> run_hypothesis(const HeadHypothesis& h, const Maps& maps, double& work_left) {
  std::vector<const Tensor*> inputs;
  for (size_t index : h.order) inputs.push_back(&maps[index]);
  const Node node{"head", h.head, {}, {0}};
  SHRIKE_ASSIGN(std::vector<Tensor> outputs, evaluate_node_within(work_left, node, inputs));
  return std::move(outputs[0]);
}

// With all raw values zero both anchored kinds give wh = anchor at every cell; with a large raw x
// Darknet's gives x = (scale_xy + 1) / 2 * stride at the first.
Result<void> probe_anchors(const HeadTail& tail, HeadHypothesis& h, double& work_left) {
  if (h.head.anchors.empty()) return {};
  const auto run_filled = [&](float value) -> Result<Tensor> {
    SHRIKE_ASSIGN(Maps maps, maps_of(tail, work_left, [&] { return value; }));
    return run_tail(tail, std::move(maps), work_left);
  };
  SHRIKE_ASSIGN(const Tensor at_zero, run_filled(0.0f));
  Tensor at_large;
  if (h.head.kind == HeadKind::kDarknet) {
    SHRIKE_ASSIGN(at_large, run_filled(40.0f));
  }
  const size_t row = static_cast<size_t>(h.head.num_classes) + 5;
  const auto na = static_cast<size_t>(h.head.num_anchors());
  size_t first = 0;
  for (size_t s = 0; s < h.head.scales(); ++s) {
    const Shape& map = *tail.graph.static_shape(tail.graph.inputs[h.order[s]]);
    const auto cells = static_cast<size_t>(map[2] * map[3]);
    for (size_t a = 0; a < na; ++a)
      for (size_t side = 0; side < 2; ++side)
        h.head.anchors[2 * (s * na + a) + side] =
            at_zero.data<float>()[(first + a * cells) * row + 2 + side];
    if (h.head.kind == HeadKind::kDarknet) {
      const float reach =
          at_large.data<float>()[first * row] / static_cast<float>(h.head.strides[s]);
      // Written with few decimals in every cfg; the probe's rounding is taken off.
      h.head.scale_xy.push_back(std::round((2 * reach - 1) * 1e4f) / 1e4f);
    }
    first += na * cells;
  }
  return {};
}

constexpr float kTolerance = 1e-4f;  // of the largest value in a column of the output

// Rows of an end-to-end head in an order that does not depend on equal scores.
std::vector<std::array<float, 6>> sorted_rows(const Tensor& t) {
  const std::span<const float> data = t.data<float>();
  std::vector<std::array<float, 6>> rows(data.size() / 6);
  for (size_t i = 0; i < data.size(); ++i) rows[i / 6][i % 6] = data[i];
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(b[4], a[5], a[0], a[1]) < std::tie(a[4], b[5], b[0], b[1]);
  });
  return rows;
}

bool close(float a, float b, float range) {
  return std::abs(a - b) <= kTolerance * std::max(range, 1e-3f);
}

bool same_rows(const Tensor& a, const Tensor& b, float range) {
  const auto x = sorted_rows(a), y = sorted_rows(b);
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i][5] != y[i][5] || !close(x[i][4], y[i][4], 1)) return false;
    for (size_t k = 0; k < 4; ++k)
      if (!close(x[i][k], y[i][k], range)) return false;
  }
  return true;
}

// Scores lie in 0..1 and boxes in pixels: each element is held to the range of its own part.
bool same_output(const Head& head, const Tensor& a, const Tensor& b, float pixels) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  if (head.max_det > 0) return same_rows(a, b, pixels);
  const std::span<const float> x = a.data<float>(), y = b.data<float>();
  const bool columns_last = head.kind != HeadKind::kAnchorFree;
  const auto width = static_cast<size_t>(a.shape()[2]), height = static_cast<size_t>(a.shape()[1]);
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t part = columns_last ? i % width : i / width % height;
    if (!std::isfinite(x[i]) || !close(x[i], y[i], part < 4 ? pixels : 1.0f)) return false;
  }
  return true;
}

// Values spread about as the normal distribution's with a deviation of 1.5, up to 4.5 (the sum of
// three even ones), the same on every machine. Half a million are drawn at every start, for which
// <random> takes longer than all else here. The bits are those of splitmix64 (Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators", 2014).
class RawValues {
 public:
  float operator()() {
    state_ += 0x9e3779b97f4a7c15u;
    uint64_t bits = state_;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    bits ^= bits >> 31;
    int64_t sum = 0;  // of three numbers of 21 bits; its deviation is 2^21 * sqrt(3 / 12)
    for (int part = 0; part < 3; ++part) sum += bits >> 21 * part & kMost;
    return static_cast<float>(sum - 3 * kMost / 2) * (1.5f / (1 << 20));
  }

 private:
  static constexpr int64_t kMost = (1 << 21) - 1;
  uint64_t state_ = 20240;
};

// The same in every call: drawn again rather than kept, for the memory.
Result<Maps> random_maps(const HeadTail& tail, double& work_left) {
  RawValues raw;
  return maps_of(tail, work_left, [&] { return raw(); });
}

// Whether the hypothesis gives `expected`, what the file's decode gives, on the same random maps.
Result<bool> proven(const HeadTail& tail, HeadHypothesis& h, const Tensor& expected, float pixels,
                    double& work_left) {
  SHRIKE_TRY(probe_anchors(tail, h, work_left));
  for (float anchor : h.head.anchors)
    if (!(anchor > 0) || !std::isfinite(anchor)) return false;
  SHRIKE_ASSIGN(const Maps maps, random_maps(tail, work_left));
  SHRIKE_ASSIGN(const Tensor given, run_hypothesis(h, maps, work_left));
  return same_output(h.head, given, expected, pixels);
}

Result<HeadHypothesis> recognise(const HeadTail& tail, const Shape& picture, double& work_left) {
  std::vector<HeadHypothesis> candidates = head_hypotheses(tail, picture);
  if (candidates.empty())
    return model_error("no known head fits the shapes of its last convolutions and output");
  SHRIKE_ASSIGN(Maps maps, random_maps(tail, work_left));
  SHRIKE_ASSIGN(const Tensor expected, run_tail(tail, std::move(maps), work_left));
  const auto pixels = static_cast<float>(std::max(picture[2], picture[3]));
  for (HeadHypothesis& h : candidates) {
    SHRIKE_ASSIGN(const bool ok, proven(tail, h, expected, pixels, work_left));
    if (ok) return h;
  }
  return model_error("its decode gives other numbers than any known head");
}

Result<void> lift_value(Graph& graph, ValueId value, double& work_left) {
  if (graph.inputs.empty() || !graph.static_shape(graph.inputs[0]) ||
      graph.static_shape(graph.inputs[0])->rank() != 4)
    return model_error("its input is no picture of a fixed size");
  const Shape picture = *graph.static_shape(graph.inputs[0]);
  SHRIKE_ASSIGN(const HeadTail tail, extract_tail(graph, value));
  SHRIKE_ASSIGN(HeadHypothesis found, recognise(tail, picture, work_left));

  std::vector<ValueId> inputs;
  for (size_t index : found.order) inputs.push_back(tail.maps[index]);
  const ValueId old_value = value;
  for (Node& node : graph.nodes)
    std::replace(node.outputs.begin(), node.outputs.end(), old_value, kNoValue);
  // Behind the last of its maps, before whatever reads the decoded value.
  const Uses uses(graph);
  int last = 0;
  for (ValueId id : inputs) last = std::max(last, uses.producer(id));
  graph.nodes.insert(graph.nodes.begin() + last + 1,
                     Node{"head", std::move(found.head), std::move(inputs), {old_value}});
  remove_dead(graph);
  return infer_shapes(graph);
}

// Makes the decoded boxes and scores before `nms`, a node of the graph, its only output and lifts
// their head.
Result<LiftedHead> lift_before(Graph& graph, std::vector<Node>::const_iterator nms,
                               double& work_left) {
  // The decoded value is the first of rank 3 from which a known head's proof succeeds; later ones
  // are transposed or filtered.
  size_t tries = 0;
  for (auto node = graph.nodes.cbegin(); node != nms && tries < kMostTries; ++node) {
    if (!std::holds_alternative<Concat>(node->op)) continue;
    const ValueId value = node->outputs[0];
    const Shape* shape = graph.static_shape(value);
    if (!shape || shape->rank() != 3) continue;
    ++tries;
    Graph cut = graph;
    cut.outputs = {value};
    remove_dead(cut);
    if (!lift_value(cut, cut.outputs[0], work_left)) continue;
    LiftedHead lifted{
        read_own_nms(graph, value, std::get<Head>(find_head(cut)->op), *nms, work_left)};
    graph = std::move(cut);
    return lifted;
  }
  return model_error("no known head stands before its NonMaxSuppression");
}

Result<LiftedHead> lift(Graph& graph) {
  // The maps of the proof are the most that reading a model takes: not beside what has read it.
  give_back_code_pages();
  double work_left = kMostWork;
  Result<void> why = model_error("the graph has no output");
  for (size_t i = 0; i < std::min(graph.outputs.size(), kMostTries); ++i) {
    Result<void> lifted = lift_value(graph, graph.outputs[i], work_left);
    if (lifted) return LiftedHead{};
    if (i == 0) why = std::move(lifted);
  }
  const auto is_nms = [](const Node& n) { return std::holds_alternative<NonMaxSuppression>(n.op); };
  const auto nms = std::find_if(graph.nodes.cbegin(), graph.nodes.cend(), is_nms);
  if (nms == graph.nodes.cend()) return why.error();
  return lift_before(graph, nms, work_left);
}

}  // namespace

Result<LiftedHead> lift_head(Graph& graph) {
  if (find_head(graph)) return LiftedHead{};
  try {
    return lift(graph);
  } catch (const std::bad_alloc&) {
    return out_of_memory("recognising the head");
  }
}

const Node* find_head(const Graph& graph) {
  for (const Node& node : graph.nodes)
    if (std::holds_alternative<Head>(node.op)) return &node;
  return nullptr;
}

}  // namespace shrike
