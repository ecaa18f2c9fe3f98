// Which tensors share one integer form, and which become integers at all.
//
// What only moves elements reads and writes the same integers: its tensors are one group. A group
// becomes integers when a convolution reads one of its tensors. The graph is one whose activations
// and residuals are fused (passes/pipeline.h).
#pragma once

#include <vector>

#include "ir/graph.h"
#include "quantize/range.h"

namespace shrike {

// The form is for whoever plans with the groups to say, the rest is what it was chosen by.
struct TensorGroup {
  std::vector<ValueId> tensors;    // all of them, in the order of their nodes
  std::vector<ValueId> producers;  // those that are computed, or come in: the others move these
  std::vector<ValueId> constants;  // that are joined with them
  IntegerForm form = {};
  Histogram histogram = {};  // of the values; empty for the picture, whose bytes are known
  RangeChoice range = {};
};

// Groups of f32 tensors that convolutions with constant weights read, in the graph's order.
std::vector<TensorGroup> quantized_groups(const Graph& graph);

// Whether the node is a convolution that can run on integers: constant f32 weights.
bool is_quantizable(const Graph& graph, const Node& node);

}  // namespace shrike
