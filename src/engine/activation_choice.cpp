#include "engine/activation_choice.h"

#include "engine/steps/conv_activation.h"

namespace shrike {

Chains find_activated(const Graph& graph, const PlanOptions& options, const PlanChoices& choices) {
  const Uses uses(graph);
  Planner asked(graph, options, choices);  // never run
  Chains pairs;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& function = graph.nodes[i];
    if (!std::holds_alternative<Unary>(function.op)) continue;
    const int conv = uses.producer(function.inputs[0]);
    if (conv < 0 || !uses.single_use(function.inputs[0])) continue;
    const auto before = static_cast<size_t>(conv);
    if (in_any_chain(choices.bands, before) || in_any_chain(choices.bands, i)) continue;
    if (can_activate(asked, graph.nodes[before], function)) pairs.push_back({before, i});
  }
  return pairs;
}

}  // namespace shrike
