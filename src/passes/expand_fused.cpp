#include "ir/infer.h"
#include "passes/passes.h"

namespace shrike {

namespace {

// Appends nodes to a list and names their outputs after the value they lead to.
class Expander {
 public:
  explicit Expander(Graph& graph) : graph_(graph) {}

  void expand(Node node) {
    if (auto* conv = std::get_if<Conv>(&node.op)) {
      expand_conv(node, *conv);
    } else if (const auto* unary = std::get_if<Unary>(&node.op);
               unary && unary->kind == UnaryKind::kSilu) {
      silu(node.name, node.inputs[0], node.outputs[0]);
    } else {
      nodes.push_back(std::move(node));
    }
  }

  std::vector<Node> nodes;

 private:
  ValueId fresh(ValueId like, const std::string& suffix) {
    return graph_.add_value(graph_.value(like).name + suffix);
  }

  void silu(const std::string& name, ValueId x, ValueId y) {
    const ValueId gate = fresh(y, ".sigmoid");
    nodes.push_back({name + "/sigmoid", Unary{UnaryKind::kSigmoid, 0, 0}, {x}, {gate}});
    nodes.push_back({name, Binary{BinaryKind::kMul, 0}, {x, gate}, {y}});
  }

  void expand_conv(Node& node, Conv& conv) {
    const ValueId y = node.outputs[0];
    const ValueId residual = node.inputs.size() > 3 ? node.inputs[3] : kNoValue;
    const Unary activation{conv.activation, conv.alpha, conv.beta};
    const bool activated = activation.kind != UnaryKind::kIdentity;
    const std::string name = node.name;
    conv.activation = UnaryKind::kIdentity;
    conv.alpha = conv.beta = 0;
    if (residual != kNoValue) node.inputs.resize(node.inputs[2] == kNoValue ? 2 : 3);

    const ValueId sum_input = residual == kNoValue ? y : fresh(y, ".activated");
    if (activated) node.outputs[0] = fresh(y, ".conv");
    if (!activated) node.outputs[0] = sum_input;
    const ValueId convolved = node.outputs[0];
    nodes.push_back(std::move(node));
    if (activation.kind == UnaryKind::kSilu) {
      silu(name + "/act", convolved, sum_input);
    } else if (activated) {
      nodes.push_back({name + "/act", activation, {convolved}, {sum_input}});
    }
    if (residual != kNoValue)
      nodes.push_back({name + "/add", Binary{BinaryKind::kAdd, 0}, {sum_input, residual}, {y}});
  }

  Graph& graph_;
};

}  // namespace

Result<void> expand_fused(Graph& graph) {
  Expander expander(graph);
  for (Node& node : graph.nodes) expander.expand(std::move(node));
  graph.nodes = std::move(expander.nodes);
  return infer_shapes(graph);
}

}  // namespace shrike
