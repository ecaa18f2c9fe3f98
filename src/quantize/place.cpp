#include "quantize/place.h"

#include "ir/infer.h"

namespace shrike {

namespace {

class Placing {
 public:
  Placing(Graph& graph, const IntegerPlan& plan)
      : graph_(graph), plan_(plan), stand_ins_(graph.values.size(), kNoValue) {
    forms_.resize(graph.values.size());
    for (size_t g = 0; g < plan.groups.size(); ++g)
      for (const ValueId id : plan.groups[g].tensors)
        forms_[static_cast<size_t>(id)] = &plan.forms[g];
  }

  Result<void> run() {
    std::vector<Node> nodes;
    nodes.swap(graph_.nodes);
    for (const ValueId id : graph_.inputs) quantize(id);
    for (Node& node : nodes) {
      const ByteForm* x = node.inputs.empty() ? nullptr : form(node.inputs[0]);
      for (ValueId& id : node.inputs)
        if (const ValueId other = stand_in(id); other != kNoValue) id = other;
      if (const auto found = plan_.convs.find(node.outputs[0]); found != plan_.convs.end() && x)
        dequantize_weights(node, found->second, x->scale);
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
    ValueId scale = kNoValue, zero = kNoValue;
  };

  const ByteForm* form(ValueId id) const {
    const auto i = static_cast<size_t>(id);
    return id == kNoValue || i >= forms_.size() ? nullptr : forms_[i];
  }
  ValueId stand_in(ValueId id) const {
    const auto i = static_cast<size_t>(id);
    return id == kNoValue || i >= stand_ins_.size() ? kNoValue : stand_ins_[i];
  }

  // The parameters of a group, once for all its tensors. Named after the first of them.
  const Parameters& parameters(const ByteForm* steps, const std::string& name) {
    Parameters& found = parameters_[steps];
    if (found.scale == kNoValue) {
      found.scale = graph_.add_constant(name + ".scale", Tensor::scalar(steps->scale));
      found.zero =
          graph_.add_constant(name + ".zero", Tensor::scalar(static_cast<uint8_t>(steps->zero)));
    }
    return found;
  }

  // Q and DQ behind a tensor of a group. Their nodes have no names: of a small model these would be
  // a tenth.
  void quantize(ValueId id) {
    const ByteForm* steps = form(id);
    if (!steps) return;
    const std::string name = graph_.value(id).name;
    const auto [scale, zero] = parameters(steps, name);
    const ValueId q = graph_.add_value(name + ".q");
    const ValueId real = graph_.add_value(name + ".dq");
    graph_.nodes.push_back({"", QuantizeLinear{}, {id, scale, zero}, {q}});
    graph_.nodes.push_back({"", DequantizeLinear{}, {q, scale, zero}, {real}});
    stand_ins_[static_cast<size_t>(id)] = real;
  }

  ValueId dequantized(const std::string& name, const Tensor& q, const Tensor& scales) {
    const ValueId integers = graph_.add_constant(name + ".q", q);
    const ValueId scale = graph_.add_constant(name + ".scales", scales);
    const ValueId real = graph_.add_value(name + ".dq");
    Node node{"", DequantizeLinear{0}, {integers, scale}, {real}};
    // Though they are all 0: where weights have none, ONNX Runtime 1.32 makes a single one, and
    // then refuses it.
    if (q.dtype() == DType::kI8)
      node.inputs.push_back(
          graph_.add_constant(name + ".zeros", Tensor(q.dtype(), scales.shape())));
    graph_.nodes.push_back(std::move(node));
    return real;
  }

  void dequantize_weights(Node& node, const IntegerConv& conv, float x_scale) {
    const ChannelWeights weights =
        conv.bias.empty() ? conv.weights : with_room_for(conv.bias, x_scale, conv.weights);
    const std::string name = graph_.value(node.inputs[1]).name;
    node.inputs[1] = dequantized(name, weights.q, weights.scales);
    if (conv.bias.empty()) return;
    Tensor steps(DType::kF32, weights.scales.shape());
    for (size_t o = 0; o < steps.mutable_data<float>().size(); ++o)
      steps.mutable_data<float>()[o] = weights.scales.data<float>()[o] * x_scale;
    if (node.inputs.size() < 3) node.inputs.resize(3);
    node.inputs[2] =
        dequantized(name + ".bias", bias_steps(&conv.bias, x_scale, weights.scales), steps);
  }

  Graph& graph_;
  const IntegerPlan& plan_;
  std::vector<const ByteForm*> forms_;  // by value; null: stays float
  std::vector<ValueId> stand_ins_;      // by value
  std::map<const ByteForm*, Parameters> parameters_;
};

}  // namespace

IntegerConv nearest_conv(const Graph& graph, const Node& node) {
  const Tensor* bias = node.inputs.size() > 2 ? graph.constant(node.inputs[2]) : nullptr;
  return {nearest_weights(*graph.constant(node.inputs[1])), bias ? *bias : Tensor()};
}

Result<void> place_integers(Graph& graph, const IntegerPlan& plan) {
  return Placing(graph, plan).run();
}

}  // namespace shrike
