// Nodes that become one step: a convolution, the batch norm that alone reads it, and the activation
// that alone reads that. Private to train.
#pragma once

#include <cstddef>
#include <vector>

#include "ir/graph.h"
#include "train/operators.h"

namespace shrike::train {

struct FusedChain {
  size_t conv = 0, norm = 0;
  int activation = -1;  // -1: none

  // Indices into graph.nodes. x, weights, scale, shift, mean, variance.
  std::vector<ValueId> inputs(const Graph& graph) const;
  size_t last() const { return activation < 0 ? norm : static_cast<size_t>(activation); }
};

class FusedChains {
 public:
  // Among the nodes that count; the values of `kept` come out of a step of their own.
  FusedChains(const Graph& graph, const std::vector<bool>& nodes, const std::vector<ValueId>& kept);

  const FusedChain* ending_at(size_t node) const;
  // Whether the node is part of a chain, but not its last.
  bool inside(size_t node) const { return inside_[node]; }

 private:
  std::vector<FusedChain> chains_;
  std::vector<int> chain_of_last_;
  std::vector<bool> inside_;
};

Result<Operator> make_fused(const Graph& graph, const FusedChain& chain);

}  // namespace shrike::train
