// What a network costs at other widths, without making it.
#pragma once

#include <cstdint>
#include <vector>

#include "prune/channels.h"

namespace shrike {

struct NetworkCost {
  int64_t macs = 0;        // of convolutions and products, for one run
  int64_t parameters = 0;  // elements of weights and biases (ir/network_cost.h)
};

// As it is. Requires what Channels::of() does.
NetworkCost cost_of(const Graph& graph);

class CostModel {
 public:
  CostModel(const Graph& graph, const Channels& channels);

  // removed: by channel.
  NetworkCost at(const std::vector<bool>& removed) const;

 private:
  // factor times the product of what is left of each list.
  struct Term {
    int64_t factor = 1;
    std::vector<size_t> lists;
  };
  void multiply(Term& term, ValueId id, int axis);
  size_t list_number(const Axis& axis);

  const Graph& graph_;
  const Channels& channels_;
  std::vector<Axis> lists_;  // each once
  std::vector<Term> macs_, parameters_;
};

}  // namespace shrike
