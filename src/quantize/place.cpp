#include "quantize/place.h"

#include <algorithm>

#include "ir/infer.h"
#include "quantize/store_conv.h"

namespace shrike {

namespace {

// What is added has short names, its nodes none: of a small model longer ones would be a tenth.
class Placing {
 public:
  Placing(Graph& graph, const IntegerPlan& plan, IntegerNames names)
      : graph_(graph), plan_(plan), names_(names), stand_ins_(graph.values.size(), kNoValue) {
    forms_.resize(graph.values.size());
    for (const TensorGroup& group : plan.groups)
      for (const ValueId id : group.tensors) forms_[static_cast<size_t>(id)] = &group.form;
  }

  Result<void> run() {
    std::vector<Node> nodes;
    nodes.swap(graph_.nodes);
    for (const ValueId id : graph_.inputs) quantize(id);
    for (Node& node : nodes) {
      const IntegerForm* x = node.inputs.empty() ? nullptr : form(node.inputs[0]);
      for (ValueId& id : node.inputs)
        if (const ValueId other = stand_in(id); other != kNoValue) id = other;
      if (const auto found = plan_.convs.find(node.outputs[0]); found != plan_.convs.end() && x)
        store(node, found->second, x->scale);
      const std::vector<ValueId> made = node.outputs;
      graph_.nodes.push_back(std::move(node));
      for (const ValueId id : made)
        if (id != kNoValue) quantize(id);
    }
    remove_dead(graph_);
    return infer_shapes(graph_);
  }

 private:
  struct Parameters {
    std::string name;
    ValueId scale = kNoValue, zero = kNoValue;
  };

  const IntegerForm* form(ValueId id) const {
    const auto i = static_cast<size_t>(id);
    return id == kNoValue || i >= forms_.size() ? nullptr : forms_[i];
  }
  ValueId stand_in(ValueId id) const {
    const auto i = static_cast<size_t>(id);
    return id == kNoValue || i >= stand_ins_.size() ? kNoValue : stand_ins_[i];
  }

  // The parameters of a group, once for all its tensors.
  const Parameters& parameters(const IntegerForm* steps) {
    const auto [found, added] = parameters_.try_emplace(steps);
    Parameters& made = found->second;
    if (!added) return made;
    made.name = "x" + std::to_string(parameters_.size());
    made.scale = graph_.add_constant(made.name + ".scale", Tensor::scalar(steps->scale));
    made.zero = graph_.add_constant(made.name + ".zero",
                                    steps->type == DType::kU8
                                        ? Tensor::scalar(static_cast<uint8_t>(steps->zero))
                                        : Tensor::scalar(static_cast<int16_t>(steps->zero)));
    return made;
  }

  // Q and DQ behind a tensor of a group.
  void quantize(ValueId id) {
    const IntegerForm* steps = form(id);
    if (!steps) return;
    const auto& [name, scale, zero] = parameters(steps);
    const ValueId q = graph_.add_value(name + ".q");
    const ValueId real = graph_.add_value(name + ".dq");
    graph_.nodes.push_back({"", QuantizeLinear{}, {id, scale, zero}, {q}});
    graph_.nodes.push_back({"", DequantizeLinear{}, {q, scale, zero}, {real}});
    stand_ins_[static_cast<size_t>(id)] = real;
  }

  void store(Node& node, const IntegerConv& conv, float x_scale) {
    const std::string number = std::to_string(++convs_);
    StoredNames names{"w" + number, "b" + number};
    if (names_ == IntegerNames::kOfFloats) {
      names.weights = graph_.value(node.inputs[1]).name;
      const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
      names.bias = has_bias ? graph_.value(node.inputs[2]).name : names.weights + ".bias";
    }
    store_conv(graph_, node, conv, x_scale, names, graph_.nodes);
  }

  Graph& graph_;
  const IntegerPlan& plan_;
  IntegerNames names_;
  std::vector<const IntegerForm*> forms_;  // by value; null: stays float
  std::vector<ValueId> stand_ins_;         // by value
  std::map<const IntegerForm*, Parameters> parameters_;
  int convs_ = 0;
};

}  // namespace

IntegerConv nearest_conv(const Graph& graph, const Node& node, DType type, int bits) {
  const Tensor* bias = node.inputs.size() > 2 ? graph.constant(node.inputs[2]) : nullptr;
  return {nearest_weights(*graph.constant(node.inputs[1]), type, bits), bias ? *bias : Tensor()};
}

std::vector<std::optional<size_t>> groups_by_value(const Graph& graph, const IntegerPlan& plan) {
  std::vector<std::optional<size_t>> groups(graph.values.size());
  for (size_t g = 0; g < plan.groups.size(); ++g)
    for (const ValueId id : plan.groups[g].tensors) groups[static_cast<size_t>(id)] = g;
  return groups;
}

int opset_for(const Graph& graph) {
  constexpr int kScalesOfChannels = 13, kSixteenBits = 21;
  const auto is_word = [&](const Node& node) {
    return std::holds_alternative<DequantizeLinear>(node.op) &&
           graph.value(node.inputs[0]).dtype == DType::kI16;
  };
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), is_word) ? kSixteenBits
                                                                      : kScalesOfChannels;
}

Result<void> place_integers(Graph& graph, const IntegerPlan& plan, IntegerNames names) {
  return Placing(graph, plan, names).run();
}

}  // namespace shrike
