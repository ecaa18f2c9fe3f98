// A network in a row that is made here, for choosing its layers' types by judges that are made up.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "calibrate/mixed.h"
#include "ir/infer.h"

namespace shrike {

struct Types {
  int bytes = 0, words = 0;
  bool operator==(const Types&) const = default;
};

inline Types types_of(const Graph& graph) {
  Types types;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<DequantizeLinear>(node.op)) continue;
    const Tensor* weights = graph.constant(node.inputs[0]);
    if (weights && weights->dtype() == DType::kI8) ++types.bytes;
    if (weights && weights->dtype() == DType::kI16) ++types.words;
  }
  return types;
}

// `count` convolutions in a row, the i-th with an error of errors[i].
class Chain {
 public:
  explicit Chain(const std::vector<double>& errors) {
    c.network.inputs = {c.network.add_input("x", DType::kF32, Shape{1, 1, 2, 2})};
    ValueId x = c.network.inputs[0];
    for (const double error : errors) {
      const ValueId w = c.network.add_constant("w", Tensor::from<float>(Shape{1, 1, 1, 1}, {2}));
      x = c.network.add_node(Conv{}, {x, w}, "y");
      layers[x].error = error;
      convs.push_back(x);
    }
    c.network.outputs = {x};
    EXPECT_TRUE(infer_shapes(c.network));
    c.plan.groups = quantized_groups(c.network);
    for (TensorGroup& group : c.plan.groups) group.histogram.add(std::vector<float>{-1, 1});
    for (const Node& node : c.network.nodes)
      c.plan.convs.emplace(node.outputs[0], nearest_conv(c.network, node));
  }

  // Of a judge for whom each layer in 8 bits costs what its error says, in 16 bits `words` of that.
  MixedOptions options(double max_drop, double words = 0) {
    MixedOptions options;
    options.max_drop = max_drop;
    options.points_lost = [this, words](const Graph& graph) -> Result<double> {
      ++asked;
      double lost = 0;
      for (const Node& node : graph.nodes) {
        const auto* conv = std::get_if<Conv>(&node.op);
        if (!conv) continue;
        const double error =
            layers.at(*c.network.find_value(graph.value(node.outputs[0]).name)).error;
        for (const Node& other : graph.nodes)
          if (other.outputs[0] == node.inputs[1])
            lost += error * (graph.value(other.inputs[0]).dtype == DType::kI8 ? 1 : words);
      }
      return lost;
    };
    return options;
  }

  Calibration c;
  std::map<ValueId, LayerSensitivity> layers;
  std::vector<ValueId> convs;
  int asked = 0;
};

inline Types types_of(const Chain& chain, const MixedChoice& choice) {
  Graph graph = chain.c.network;
  EXPECT_TRUE(place_integers(graph, choice.plan));
  return types_of(graph);
}

}  // namespace shrike
