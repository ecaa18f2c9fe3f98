// Operators on LibTorch's tensors: what a node of the graph is while it learns.
//
// The formulas are those of ir/ops and reference/, which the tests compare with; autograd follows
// all that is differentiable. What depends on the picture's size is taken from the shapes that the
// graph has inferred, so a function is good for one input size, but for any number of pictures
// where the first axis is that of the pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "train/rank_sum.h"

namespace shrike::train {

struct RunMode {
  // Batch norms take the batch's statistics, and move their running ones towards them.
  bool training = false;
  // running += momentum * (batch - running). 0.03: Ultralytics' models.
  double norm_momentum = 0.03;
  // What convolutions with batch norms multiply in while training, bfloat16 or half; absent: in the
  // maps' own type. Maps, weights, sums and all else stay what they are.
  std::optional<at::ScalarType> products = {};
  // With it, the batch whose statistics these are is that of all processes together.
  RankSum sum_over_ranks = {};
};

// The outputs for given inputs; undefined tensors stand for absent ones. Throws as LibTorch does.
using Operator =
    std::function<std::vector<at::Tensor>(std::span<const at::Tensor> inputs, const RunMode& mode)>;

// An error (kModel) names a node that cannot learn: integers, NMS, shapes that depend on the data,
// a lifted head (passes/expand_head.h writes it out). Requires inferred shapes.
Result<Operator> make_operator(const Graph& graph, const Node& node);

}  // namespace shrike::train
