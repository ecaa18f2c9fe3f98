#include "ir/infer.h"
#include "passes/moves_elements.h"
#include "passes/passes.h"
#include "passes/quantized_tensor.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

class Sinking {
 public:
  explicit Sinking(Graph& graph) : graph_(graph), substitution_(graph) {
    forms_.resize(graph.values.size());
  }

  void run() {
    std::vector<Node> nodes;
    nodes.swap(graph_.nodes);
    for (Node& node : nodes) {
      substitution_.rewrite(node);
      if (std::holds_alternative<DequantizeLinear>(node.op)) {
        note(node);
      } else if (moves_elements(node.op)) {
        sink(node);
      } else if (std::holds_alternative<QuantizeLinear>(node.op)) {
        cancel(node);
      } else {
        graph_.nodes.push_back(std::move(node));
      }
    }
    substitution_.finish();
    sweep(graph_);
  }

 private:
  // A value that DQ makes: its integers and the DQ's parameters.
  struct Form {
    QuantizedTensor tensor;
    ValueId scale = kNoValue, zero = kNoValue;
  };
  const std::optional<Form>& form(ValueId id) const {
    static const std::optional<Form> none;
    const auto i = static_cast<size_t>(id);
    return id == kNoValue || i >= forms_.size() ? none : forms_[i];
  }

  void note(Node& node) {
    const auto id = static_cast<size_t>(node.outputs[0]);
    if (const auto tensor = quantized_tensor(graph_, node, node.inputs[0]))
      forms_[id] = {*tensor, node.inputs[1], node.inputs.size() > 2 ? node.inputs[2] : kNoValue};
    graph_.nodes.push_back(std::move(node));
  }

  // The one form that all of the node's data has.
  std::optional<Form> common_form(const Node& node) const {
    const size_t data = std::holds_alternative<Concat>(node.op) ? node.inputs.size() : 1;
    const std::optional<Form>& first = form(node.inputs[0]);
    for (size_t i = 0; first && i < data; ++i) {
      const std::optional<Form>& other = form(node.inputs[i]);
      if (!other || !other->tensor.same_form(first->tensor)) return std::nullopt;
    }
    return first;
  }

  // op(DQ(q)) becomes DQ(op(q)).
  void sink(Node& node) {
    const std::optional<Form> common = node.outputs.empty() ? std::nullopt : common_form(node);
    if (!common) return graph_.nodes.push_back(std::move(node));
    const size_t data = std::holds_alternative<Concat>(node.op) ? node.inputs.size() : 1;
    for (size_t i = 0; i < data; ++i) node.inputs[i] = form(node.inputs[i])->tensor.q;
    std::vector<Node> after;
    for (ValueId& out : node.outputs) {
      if (out == kNoValue) continue;
      const ValueId real = out;
      out = graph_.add_value(graph_.value(real).name + ".q", common->tensor.type,
                             graph_.value(real).shape);
      forms_.resize(graph_.values.size());
      Form& made = forms_[static_cast<size_t>(real)].emplace(*common);
      made.tensor.q = out;
      Node back{node.name, DequantizeLinear{}, {out, common->scale}, {real}};
      if (common->zero != kNoValue) back.inputs.push_back(common->zero);
      after.push_back(std::move(back));
    }
    graph_.nodes.push_back(std::move(node));
    for (Node& back : after) graph_.nodes.push_back(std::move(back));
  }

  // Q(DQ(q)) of the same parameters is q.
  void cancel(Node& node) {
    const std::optional<Form>& from = form(node.inputs[0]);
    const auto to = quantized_tensor(graph_, node, node.outputs[0]);
    if (from && to && from->tensor.same_form(*to) &&
        substitution_.substitute(node.outputs[0], from->tensor.q))
      return;
    graph_.nodes.push_back(std::move(node));
  }

  Graph& graph_;
  Substitution substitution_;
  std::vector<std::optional<Form>> forms_;  // by value
};

}  // namespace

Result<void> sink_dequantize(Graph& graph) {
  Sinking(graph).run();
  return infer_shapes(graph);
}

}  // namespace shrike
