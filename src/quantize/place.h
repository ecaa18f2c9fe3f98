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

// What becomes of a graph's tensors and convolutions.
struct IntegerPlan {
  std::vector<TensorGroup> groups;
  std::vector<ByteForm> forms;              // of each group
  std::map<ValueId, ChannelWeights> convs;  // by a convolution's output; others stay float
};

// Behind each tensor of the groups a Q and a DQ, which all its readers read from then on (graph
// outputs keep the tensor itself); the weights and biases of the convolutions behind a DQ.
Result<void> place_integers(Graph& graph, const IntegerPlan& plan);

}  // namespace shrike
