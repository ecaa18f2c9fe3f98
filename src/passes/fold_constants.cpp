#include <algorithm>
#include <cstdint>

#include "ir/infer.h"
#include "passes/passes.h"
#include "reference/work.h"

namespace shrike {

namespace {

// Larger results stay nodes: folding must not turn a small file into a large process. Together the
// results that are alive may take as much as the constants there were (a whole model's f16 weights
// may become f32), and this.
constexpr int64_t kMostElements = int64_t{1} << 24;
constexpr size_t kSpareBytes = size_t{256} << 20;
// The same of the time: steps (reference/work.h) for each byte of a constant there was, and
// these. A few bytes can ask for hours (NonMaxSuppression of many boxes, pools of large windows).
constexpr double kStepsPerByte = 8;
constexpr double kSpareSteps = 1 << 27;

// Each byte once: of external data a few bytes name any range, many times over.
size_t bytes_of_constants(const Graph& graph) {
  std::vector<std::pair<uintptr_t, uintptr_t>> ranges;  // begin, end
  for (const Value& value : graph.values) {
    if (!value.constant) continue;
    const std::span<const std::byte> bytes = value.constant->bytes();
    const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
    ranges.emplace_back(begin, begin + bytes.size());
  }
  std::sort(ranges.begin(), ranges.end());
  size_t total = 0;
  uintptr_t counted_to = 0;
  for (const auto& [begin, end] : ranges) {
    const uintptr_t from = std::max(begin, counted_to);
    if (end > from) total += end - from;
    counted_to = std::max(counted_to, end);
  }
  return total;
}

class Folder {
 public:
  // keeps: nodes that stay whatever their inputs are.
  Folder(Graph& graph, bool (*keeps)(const Op&))
      : graph_(graph),
        keeps_(keeps),
        readers_(graph.values.size(), 0),
        made_(graph.values.size(), false) {
    const size_t constants = bytes_of_constants(graph);
    budget_ = kSpareBytes + constants;
    steps_left_ = kSpareSteps + kStepsPerByte * static_cast<double>(constants);
    for (const Node& node : graph.nodes)
      for (ValueId id : node.inputs)
        if (id != kNoValue) ++readers_[index(id)];
    for (ValueId id : graph.outputs) ++readers_[index(id)];
  }

  Result<void> run() {
    std::vector<Node> kept;
    for (Node& node : graph_.nodes) {
      // Constants found above may settle this node's shape.
      SHRIKE_TRY(infer_node(graph_, node));
      SHRIKE_ASSIGN(const bool folded, fold(node));
      if (folded) {
        release_inputs(node);
      } else {
        kept.push_back(std::move(node));
      }
    }
    graph_.nodes = std::move(kept);
    remove_dead(graph_);
    return {};
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id); }
  size_t room() const { return budget_ - alive_; }

  Result<bool> fold(const Node& node) {
    if (keeps_(node.op)) return false;
    if (fold_shape(node)) return true;
    std::vector<const Tensor*> inputs;
    for (ValueId id : node.inputs) {
      inputs.push_back(graph_.constant(id));
      if (id != kNoValue && !inputs.back()) return false;
    }
    if (!small(node) || !quick(node, inputs)) return false;
    SHRIKE_ASSIGN(std::vector<Tensor> outputs, evaluate_node(node, inputs));
    size_t bytes = 0;
    for (size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] != kNoValue) bytes += outputs[i].byte_size();
    if (bytes > room()) return false;
    for (size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] != kNoValue) become_constant(node.outputs[i], std::move(outputs[i]));
    return true;
  }

  // Shape of a static shape needs no constant input.
  bool fold_shape(const Node& node) {
    const auto* op = std::get_if<ShapeOf>(&node.op);
    const Shape* shape = op ? graph_.static_shape(node.inputs[0]) : nullptr;
    if (!shape) return false;
    const auto [first, last] = op->axes(shape->rank());
    const std::vector<int64_t> dims(shape->begin() + first, shape->begin() + last);
    if (dims.size() * sizeof(int64_t) > room()) return false;
    become_constant(node.outputs[0], Tensor::from<int64_t>(Shape{last - first}, dims));
    return true;
  }

  // By the shapes, before anything is computed. Extents that depend on data (NonZero) are bounded
  // by the constant inputs.
  bool small(const Node& node) const {
    size_t bytes = 0;
    for (ValueId id : node.outputs) {
      const Shape* shape = id == kNoValue ? nullptr : graph_.static_shape(id);
      if (!shape) continue;
      const int64_t count = shape->element_count().value_or(INT64_MAX);
      if (count > kMostElements) return false;
      bytes += static_cast<size_t>(count) * dtype_size(graph_.value(id).dtype);
    }
    return bytes <= room();
  }

  bool quick(const Node& node, std::span<const Tensor* const> inputs) {
    const Shape* shape =
        node.outputs[0] == kNoValue ? nullptr : graph_.static_shape(node.outputs[0]);
    const double steps = work_of(node.op, inputs, shape);
    if (!(steps <= steps_left_)) return false;
    steps_left_ -= steps;
    return true;
  }

  void become_constant(ValueId id, Tensor tensor) {
    if (readers_[index(id)] == 0) return;
    Value& value = graph_.value(id);
    value.dtype = tensor.dtype();
    value.shape = tensor.shape();
    alive_ += tensor.byte_size();
    made_[index(id)] = true;
    value.constant = std::move(tensor);
  }

  // A constant goes with its last reader.
  void release_inputs(const Node& node) {
    for (ValueId id : node.inputs) {
      if (id == kNoValue || --readers_[index(id)] > 0 || !graph_.constant(id)) continue;
      if (made_[index(id)]) alive_ -= graph_.constant(id)->byte_size();
      graph_.value(id).constant.reset();
    }
  }

  Graph& graph_;
  bool (*keeps_)(const Op&);
  std::vector<int> readers_;  // inputs of nodes not folded, and graph outputs
  std::vector<bool> made_;    // by folding
  size_t alive_ = 0;          // bytes of those that still have readers
  size_t budget_ = 0;
  double steps_left_ = 0;
};

}  // namespace

// Weights that a file holds as integers stay integers.
Result<void> fold_constants(Graph& graph) {
  return Folder(graph, [](const Op& op) { return std::holds_alternative<DequantizeLinear>(op); })
      .run();
}

Result<void> fold_dequantized(Graph& graph) {
  return Folder(graph, [](const Op&) { return false; }).run();
}

}  // namespace shrike
