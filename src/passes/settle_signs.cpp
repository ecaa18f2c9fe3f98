#include <numeric>

#include "ir/infer.h"
#include "passes/moves_elements.h"
#include "passes/passes.h"

namespace shrike {

namespace {

// What is added to integers that change their type: their highest bit is turned over.
constexpr int64_t kOfBytes = 128, kOfWords = -32768;

bool changes(DType type) { return type == DType::kI8 || type == DType::kU16; }
DType changed(DType type) { return type == DType::kI8 ? DType::kU8 : DType::kI16; }

class Settling {
 public:
  explicit Settling(Graph& graph) : graph_(graph), chosen_(graph.values.size(), false) {}

  Result<void> run() {
    find();
    for (Node& node : graph_.nodes) SHRIKE_TRY(rewrite(node));
    for (size_t id = 0; id < chosen_.size(); ++id)
      if (chosen_[id]) graph_.values[id].dtype = changed(graph_.values[id].dtype);
    return {};
  }

 private:
  bool is_chosen(const std::vector<ValueId>& ids, size_t i) const {
    return i < ids.size() && ids[i] != kNoValue && chosen_[static_cast<size_t>(ids[i])];
  }

  // i8 and u16 values that Q, DQ, QConv and what moves elements alone make and read.
  void find() {
    for (size_t id = 0; id < chosen_.size(); ++id)
      chosen_[id] = changes(graph_.values[id].dtype) && !graph_.values[id].constant;
    for (ValueId id : graph_.inputs) chosen_[static_cast<size_t>(id)] = false;
    for (ValueId id : graph_.outputs) chosen_[static_cast<size_t>(id)] = false;
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
      all = all && is_chosen(node.inputs, i);
      any = any || is_chosen(node.inputs, i);
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == kNoValue) continue;
      all = all && is_chosen(node.outputs, i);
      any = any || is_chosen(node.outputs, i);
    }
    return all || !any;
  }

  // The node's values stay as they are; who else makes and reads them is `pending`.
  void drop(const Node& node, const Uses& uses, std::vector<int>& pending) {
    for (const auto* ids : {&node.inputs, &node.outputs})
      for (size_t i = 0; i < ids->size(); ++i) {
        if (!is_chosen(*ids, i)) continue;
        const ValueId id = (*ids)[i];
        chosen_[static_cast<size_t>(id)] = false;
        if (uses.producer(id) >= 0) pending.push_back(uses.producer(id));
        pending.insert(pending.end(), uses.readers(id).begin(), uses.readers(id).end());
      }
  }

  // The zero point of Q or DQ as it is for the other type.
  Result<ValueId> shifted(const Node& node, DType type) {
    const bool given = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
    const Tensor* zero = given ? graph_.constant(node.inputs[2]) : nullptr;
    const Tensor* scale = graph_.constant(node.inputs[1]);
    const Shape shape = zero ? zero->shape() : scale ? scale->shape() : Shape{};
    SHRIKE_ASSIGN(Tensor result, Tensor::make(changed(type), shape));
    const auto fill = [&]<typename From, typename To>(int64_t shift) {
      const std::span<To> out = result.mutable_data<To>();
      for (size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<To>((zero ? zero->data<From>()[i] : 0) + shift);
    };
    if (type == DType::kI8) {
      fill.operator()<int8_t, uint8_t>(kOfBytes);
    } else {
      fill.operator()<uint16_t, int16_t>(kOfWords);
    }
    return graph_.add_constant(graph_.value(node.inputs[1]).name + ".zero", std::move(result));
  }

  DType type_of(ValueId id) const { return graph_.value(id).dtype; }
  int64_t shift_of(ValueId id) const { return type_of(id) == DType::kI8 ? kOfBytes : kOfWords; }

  Result<void> rewrite(Node& node) {
    if (auto* conv = std::get_if<QConv>(&node.op)) {
      if (is_chosen(node.inputs, 0)) conv->x_zero += shift_of(node.inputs[0]);
      if (is_chosen(node.inputs, 4)) conv->residual_zero += shift_of(node.inputs[4]);
      if (is_chosen(node.outputs, 0))
        conv->y_zero += shift_of(node.outputs[0]), conv->to = changed(conv->to);
      return {};
    }
    const bool quantizes = std::holds_alternative<QuantizeLinear>(node.op);
    const bool dequantizes = std::holds_alternative<DequantizeLinear>(node.op);
    if (!(quantizes && is_chosen(node.outputs, 0)) && !(dequantizes && is_chosen(node.inputs, 0)))
      return {};
    const DType type = type_of(quantizes ? node.outputs[0] : node.inputs[0]);
    SHRIKE_ASSIGN(const ValueId zero, shifted(node, type));
    node.inputs.resize(3, kNoValue);
    node.inputs[2] = zero;
    return {};
  }

  Graph& graph_;
  std::vector<bool> chosen_;  // by value: to be changed
};

}  // namespace

Result<void> settle_signs(Graph& graph) {
  SHRIKE_TRY(Settling(graph).run());
  remove_dead(graph);
  return infer_shapes(graph);
}

}  // namespace shrike
