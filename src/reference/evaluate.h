// The readable reference of every operator: what the engine's kernels are tested against, what
// folds constants, and what runs the nodes that have no fast kernel.
//
// Semantics are those of ir/ops/*.h and of ONNX opset 21; where ONNX leaves a choice, ONNX
// Runtime's (golden/generate.py records its answers). Shapes and types are those that infer_node()
// gives (ir/infer.h). Element types: whatever only moves elements takes all of them; arithmetic
// takes f32, f64 and f16 (computed in float and rounded once), and all integers where ONNX defines
// it on integers (they wrap around).
//
// Inputs may come from hostile files: counts, types, ranks, extents and the values of indices are
// checked, and nothing larger than the limit is allocated. Errors (kModel; kRuntime when memory
// runs out) name the operator and the node. Pure functions: safe to call from several threads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace shrike {

struct EvaluateLimits {
  // Bytes that one output, or one temporary of an operator, may take.
  size_t max_tensor_bytes = size_t{2} << 30;
};

// The outputs of one node for given inputs: one pointer an input, null for an absent one. The
// node's value ids mean nothing here. Gives a tensor for each of the node's outputs, unwanted ones
// too (at least one).
Result<std::vector<Tensor>> evaluate_node(const Node& node, std::span<const Tensor* const> inputs,
                                          const EvaluateLimits& limits = {});

// The whole graph in node order; a value lives until its last reader has run. Inputs must have the
// types and fit the shapes that the graph declares. Requires a graph that verify() accepts.
Result<std::vector<Tensor>> evaluate_graph(const Graph& graph, std::span<const Tensor> inputs,
                                           const EvaluateLimits& limits = {});

}  // namespace shrike
