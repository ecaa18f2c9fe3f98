// A graph with QuantizeLinear and DequantizeLinear where decisions put them: what is saved as ONNX,
// and what passes turn into operators on integers.
#pragma once

#include <map>
#include <optional>
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
  // By the output of a convolution that reads a tensor of a group; others stay float.
  std::map<ValueId, IntegerConv> convs;
};

// A convolution's weights rounded to the nearest of `type` (weights.h), and its bias. Requires
// is_quantizable.
IntegerConv nearest_conv(const Graph& graph, const Node& node, DType type = DType::kI8,
                         int bits = kWeightBits);

// What the integers of weights and biases are called: shortly, as in a file, or as the floats are
// that they stand for, with ".q" behind.
enum class IntegerNames : uint8_t { kShort, kOfFloats };

// Behind each tensor of the groups a Q and a DQ, which all its readers read from then on (graph
// outputs keep the tensor itself); the weights and biases of the convolutions behind a DQ. The
// values of graph.inputs and graph.outputs stay in their order, ids change.
Result<void> place_integers(Graph& graph, const IntegerPlan& plan,
                            IntegerNames names = IntegerNames::kShort);

// By value of the graph the index of its group in the plan; nothing for those that stay float.
std::vector<std::optional<size_t>> groups_by_value(const Graph& graph, const IntegerPlan& plan);

// The operator set that a graph with such nodes needs: 13, or 21 where 16 bits are among them.
int opset_for(const Graph& graph);

}  // namespace shrike
