// A detector's graph as it is quantised, and as it is saved again.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Whether QuantizeLinear or DequantizeLinear are among its nodes.
bool holds_integers(const Graph& graph);

// The graph a plan of integers is made for: f32, batch norms, activations and residuals in their
// convolutions, the decode one Head node, which stays as it is. Requires static shapes. Errors
// (kModel): it holds QuantizeLinear or DequantizeLinear already, its head was not recognised,
// its own NMS stands behind it, or weights are NaN or infinite (the node is named).
Result<Graph> network_to_quantize(Graph graph);

// The same in ONNX's operators, with the outputs that the file had.
Result<Graph> network_to_save(Graph network);

}  // namespace shrike
