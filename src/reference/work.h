// Evaluation of what may be hostile: a few bytes can ask for hours (a NonMaxSuppression of many
// boxes, a pool with large windows), so the steps are counted before they are done.
#pragma once

#include <span>
#include <vector>

#include "reference/evaluate.h"

namespace shrike {

// Elementary steps (a multiplication, a comparison, an element moved) that evaluating the operator
// takes at most, roughly. `output` is the shape of the first output, null where it depends on the
// data.
double work_of(const Op& op, std::span<const Tensor* const> inputs, const Shape* output);

// As evaluate_graph() and evaluate_node(), with the work of every node taken off `work_left` before
// it is done. Errors (kModel) name the node whose work is more than is left. Inputs of a graph go
// once the last node has read them.
Result<std::vector<Tensor>> evaluate_graph_within(double& work_left, const Graph& graph,
                                                  std::vector<Tensor> inputs);
Result<std::vector<Tensor>> evaluate_node_within(double& work_left, const Node& node,
                                                 std::span<const Tensor* const> inputs);

}  // namespace shrike
