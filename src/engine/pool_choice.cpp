#include "engine/pool_choice.h"

#include "engine/steps/conv_pool.h"

namespace shrike {

namespace {

// Pairs of a convolution and the halving pooling that alone reads it, where `takes` the
// convolution.
template <typename Takes>
Chains find_pairs(const Graph& graph, const PlanOptions& options, const PlanChoices& choices,
                  const Takes& takes) {
  const Uses uses(graph);
  Planner asked(graph, options, choices);  // never run
  Chains pairs;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& pool = graph.nodes[i];
    if (!is_halving_pool(asked, pool)) continue;
    const int conv = uses.producer(pool.inputs[0]);
    if (conv < 0 || !uses.single_use(pool.inputs[0])) continue;
    const auto before = static_cast<size_t>(conv);
    if (in_any_chain(choices.bands, before) || in_any_chain(choices.bands, i)) continue;
    if (takes(asked, graph.nodes[before])) pairs.push_back({before, i});
  }
  return pairs;
}

}  // namespace

Chains find_pooled(const Graph& graph, const PlanOptions& options, const PlanChoices& choices) {
  return find_pairs(graph, options, choices, can_pool);
}

Chains find_poolable(const Graph& graph, const PlanOptions& options) {
  return find_pairs(graph, options, {}, could_pool);
}

}  // namespace shrike
