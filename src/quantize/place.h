// A graph with QuantizeLinear and DequantizeLinear where decisions put them: what is saved as ONNX,
// and what passes turn into operators on integers.
#pragma once

#include <map>
#include <vector>

#include "ir/graph.h"
#include "quantize/groups.h"
#include "quantize/range.h"
#include "quantize/weights.h"

namespace shrike {

struct IntegerConv {
  ChannelWeights weights;
  Tensor bias = {};  // f32 (O); empty: none
};

// What becomes of a graph's tensors and convolutions.
struct IntegerPlan {
  std::vector<TensorGroup> groups;
  std::vector<ByteForm> forms;           // of each group
  std::map<ValueId, IntegerConv> convs;  // by a convolution's output; others stay float
};

// A convolution's weights rounded to the nearest, and its bias. Requires is_quantizable.
IntegerConv nearest_conv(const Graph& graph, const Node& node);

// Behind each tensor of the groups a Q and a DQ, which all its readers read from then on (graph
// outputs keep the tensor itself); the weights and biases of the convolutions behind a DQ. The
// values of graph.inputs and graph.outputs stay in their order, ids change.
Result<void> place_integers(Graph& graph, const IntegerPlan& plan);

}  // namespace shrike
