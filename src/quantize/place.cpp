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
      const std::vector<ValueId> outputs = node.outputs;
      graph_.nodes.push_back(std::move(node));
      for (const ValueId id : outputs)
        if (id != kNoValue) quantize(id);
    }
    remove_dead(graph_);
    return infer_shapes(graph_);
  }

 private:
  const ByteForm* form(ValueId id) const {
    const auto i = static_cast<size_t>(id);
    return id == kNoValue || i >= forms_.size() ? nullptr : forms_[i];
  }
  ValueId stand_in(ValueId id) const {
    const auto i = static_cast<size_t>(id);
    return id == kNoValue || i >= stand_ins_.size() ? kNoValue : stand_ins_[i];
  }

  // Q and DQ behind a tensor of a group.
  void quantize(ValueId id) {
    const ByteForm* steps = form(id);
    if (!steps) return;
    const std::string name = graph_.value(id).name;
    const ValueId scale = graph_.add_constant(name + ".scale", Tensor::scalar(steps->scale));
    const ValueId zero = graph_.add_constant(
        name + ".zero", Tensor::scalar(static_cast<uint8_t>(steps->zero)));
    const ValueId q = graph_.add_value(name + ".q");
    const ValueId real = graph_.add_value(name + ".dq");
    graph_.nodes.push_back({name + "/Q", QuantizeLinear{}, {id, scale, zero}, {q}});
    graph_.nodes.push_back({name + "/DQ", DequantizeLinear{}, {q, scale, zero}, {real}});
    stand_ins_[static_cast<size_t>(id)] = real;
  }

  ValueId dequantized(const std::string& name, const Tensor& q, const Tensor& scales) {
    const ValueId integers = graph_.add_constant(name + ".q", q);
    const ValueId scale = graph_.add_constant(name + ".scales", scales);
    const ValueId real = graph_.add_value(name + ".dq");
    graph_.nodes.push_back({name + "/DQ", DequantizeLinear{0}, {integers, scale}, {real}});
    return real;
  }

  void dequantize_weights(Node& conv, const ChannelWeights& weights, float x_scale) {
    const std::string name = graph_.value(conv.inputs[1]).name;
    const bool has_bias = conv.inputs.size() > 2 && conv.inputs[2] != kNoValue;
    conv.inputs[1] = dequantized(name, weights.q, weights.scales);
    if (!has_bias) return;
    const std::string bias_name = graph_.value(conv.inputs[2]).name;
    const Tensor* bias = graph_.constant(conv.inputs[2]);
    Tensor steps(DType::kF32, weights.scales.shape());
    for (size_t o = 0; o < steps.mutable_data<float>().size(); ++o)
      steps.mutable_data<float>()[o] = weights.scales.data<float>()[o] * x_scale;
    conv.inputs[2] = dequantized(bias_name, bias_steps(bias, x_scale, weights.scales), steps);
  }

  Graph& graph_;
  const IntegerPlan& plan_;
  std::vector<const ByteForm*> forms_;  // by value; null: stays float
  std::vector<ValueId> stand_ins_;      // by value
};

}  // namespace

Result<void> place_integers(Graph& graph, const IntegerPlan& plan) {
  return Placing(graph, plan).run();
}

}  // namespace shrike
