// What a network costs, counted in its graph as it stands and not in what passes make of it to run:
// the same numbers in floats and in integers, and whatever kernels compute.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.h"

namespace shrike {

// Convolutions, matrix products and batch norms: input 1 holds what is learned, of a product also
// input 0 where it is constant, input 2 their bias or shift, where there is one.
bool has_weights(const Op& op);

struct Extent {
  ValueId value = kNoValue;
  int axis = 0;
};

// The extents whose product is the number of a node's multiply-adds. None for nodes other than
// convolutions and matrix products, and where shapes are not static.
std::vector<Extent> multiply_add_extents(const Graph& graph, const Node& node);

// Of one run. What is more than int64_t can hold is its greatest number.
int64_t multiply_adds(const Graph& graph);

// The constants that nodes with weights take as their first three inputs (of batch norms scale and
// shift, not the statistics), each once: floats, and integers behind DequantizeLinear, whose scales and
// zero points are none.
std::vector<ValueId> parameters_of(const Graph& graph);

// Their elements.
int64_t parameter_count(const Graph& graph);

}  // namespace shrike
