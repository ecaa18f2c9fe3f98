// Nodes of a network that learns in integers (quantize/learned.h) that become one step of a module:
// a Q, the Clip of weights and the DQ; and what of them a convolution's bias is rounded by. Private
// to train.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"
#include "train/operators.h"

namespace shrike::train {

// What steps are read from.
struct StepSource {
  ValueId value = kNoValue;  // the steps, or e with steps = Exp(e)
  bool learned = false;
};

struct IntegerChain {
  ValueId x = kNoValue;
  StepSource steps;
  double low = 0, high = 0;  // integers less the zero point
  bool moved = false;        // x has these integers already: it only moves them
};

class IntegerChains {
 public:
  explicit IntegerChains(const Graph& graph);

  // Null where the node is no DQ at the end of one.
  const IntegerChain* ending_at(size_t node) const;
  // Whether the node is part of a chain, but not its last: a Q, a Clip, the Exp of steps.
  bool inside(size_t node) const { return inside_[node]; }

  // Where a convolution's picture and weights are in integers and its bias is a constant.
  struct Steps {
    StepSource x, weights;
  };
  std::optional<Steps> of_bias(const Node& conv) const;

 private:
  const Node* producer(ValueId id) const;
  StepSource steps(ValueId scale) const;
  std::optional<IntegerChain> chain(const Node& dequantize) const;
  bool only_moves(const Node& quantize) const;

  const Graph& graph_;
  Uses uses_;
  std::vector<std::optional<IntegerChain>> chains_;  // by node
  std::vector<bool> inside_;
};

// y of x and the chain's steps.
Operator make_fake_quantize(const IntegerChain& chain);

// `conv`, which takes its bias third, with the steps of x and of the weights behind its own inputs.
Operator with_rounded_bias(Operator conv, const IntegerChains::Steps& steps);

}  // namespace shrike::train
