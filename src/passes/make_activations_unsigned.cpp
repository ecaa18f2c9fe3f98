#include <numeric>

#include "ir/infer.h"
#include "passes/moves_elements.h"
#include "passes/passes.h"

namespace shrike {

namespace {

constexpr int64_t kShift = 128;  // q + 128 is the byte with its highest bit turned over

class Unsigning {
 public:
  explicit Unsigning(Graph& graph) : graph_(graph), signed_(graph.values.size(), false) {}

  Result<void> run() {
    find();
    for (Node& node : graph_.nodes) SHRIKE_TRY(rewrite(node));
    for (size_t id = 0; id < signed_.size(); ++id)
      if (signed_[id]) graph_.values[id].dtype = DType::kU8;
    return {};
  }

 private:
  bool is_signed(const std::vector<ValueId>& ids, size_t i) const {
    return i < ids.size() && ids[i] != kNoValue && signed_[static_cast<size_t>(ids[i])];
  }

  // i8 values that Q, DQ, QConv and what moves elements alone make and read.
  void find() {
    for (size_t id = 0; id < signed_.size(); ++id)
      signed_[id] = graph_.values[id].dtype == DType::kI8 && !graph_.values[id].constant;
    for (ValueId id : graph_.inputs) signed_[static_cast<size_t>(id)] = false;
    for (ValueId id : graph_.outputs) signed_[static_cast<size_t>(id)] = false;
    // Nodes whose values changed are looked at again, so that a chain takes no more than its length.
    const Uses uses(graph_);
    std::vector<int> pending(graph_.nodes.size());
    std::iota(pending.begin(), pending.end(), 0);
    while (!pending.empty()) {
      const Node& node = graph_.nodes[static_cast<size_t>(pending.back())];
      pending.pop_back();
      if (!agrees(node)) drop(node, uses, pending);
    }
  }

  bool zero_is_constant(const Node& node) const { return graph_.constant(node.inputs[2]); }
  // Whether it is known, without the zero point, how many zero points there are.
  bool known_scale(const Node& node) const {
    const Shape* shape = graph_.static_shape(node.inputs[1]);
    return graph_.constant(node.inputs[1]) || (shape && shape->rank() == 0);
  }

  // Whether the node can have those of its values that are to change changed.
  bool agrees(const Node& node) const {
    if (std::holds_alternative<QuantizeLinear>(node.op))
      return zero_is_constant(node);
    if (std::holds_alternative<DequantizeLinear>(node.op))
      return node.inputs.size() < 3 || node.inputs[2] == kNoValue ? known_scale(node)
                                                                  : zero_is_constant(node);
    if (std::holds_alternative<QConv>(node.op)) return true;
    if (!moves_elements(node.op)) return false;
    const size_t data = std::holds_alternative<Concat>(node.op) ? node.inputs.size() : 1;
    bool all = true, any = false;
    for (size_t i = 0; i < data; ++i) {
      all = all && is_signed(node.inputs, i);
      any = any || is_signed(node.inputs, i);
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == kNoValue) continue;
      all = all && is_signed(node.outputs, i);
      any = any || is_signed(node.outputs, i);
    }
    return all || !any;
  }

  // The node's values stay as they are; who else makes and reads them is `pending`.
  void drop(const Node& node, const Uses& uses, std::vector<int>& pending) {
    for (const auto* ids : {&node.inputs, &node.outputs})
      for (size_t i = 0; i < ids->size(); ++i) {
        if (!is_signed(*ids, i)) continue;
        const ValueId id = (*ids)[i];
        signed_[static_cast<size_t>(id)] = false;
        if (uses.producer(id) >= 0) pending.push_back(uses.producer(id));
        pending.insert(pending.end(), uses.readers(id).begin(), uses.readers(id).end());
      }
  }

  // The zero point of Q or DQ, 128 larger.
  Result<ValueId> shifted(const Node& node) {
    const bool given = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
    const Tensor* zero = given ? graph_.constant(node.inputs[2]) : nullptr;
    const Tensor* scale = graph_.constant(node.inputs[1]);
    const Shape shape = zero ? zero->shape() : scale ? scale->shape() : Shape{};
    SHRIKE_ASSIGN(Tensor result, Tensor::make(DType::kU8, shape));
    const std::span<uint8_t> out = result.mutable_data<uint8_t>();
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<uint8_t>((zero ? zero->data<int8_t>()[i] : 0) + kShift);
    return graph_.add_constant(graph_.value(node.inputs[1]).name + ".zero", std::move(result));
  }

  Result<void> rewrite(Node& node) {
    if (auto* conv = std::get_if<QConv>(&node.op)) {
      if (is_signed(node.inputs, 0)) conv->x_zero += kShift;
      if (is_signed(node.inputs, 4)) conv->residual_zero += kShift;
      if (is_signed(node.outputs, 0)) conv->y_zero += kShift, conv->to = DType::kU8;
      return {};
    }
    const bool quantizes = std::holds_alternative<QuantizeLinear>(node.op);
    const bool dequantizes = std::holds_alternative<DequantizeLinear>(node.op);
    if (!(quantizes && is_signed(node.outputs, 0)) && !(dequantizes && is_signed(node.inputs, 0)))
      return {};
    SHRIKE_ASSIGN(const ValueId zero, shifted(node));
    node.inputs.resize(3, kNoValue);
    node.inputs[2] = zero;
    return {};
  }

  Graph& graph_;
  std::vector<bool> signed_;  // by value: to be changed
};

}  // namespace

Result<void> make_activations_unsigned(Graph& graph) {
  SHRIKE_TRY(Unsigning(graph).run());
  remove_dead(graph);
  return infer_shapes(graph);
}

}  // namespace shrike
