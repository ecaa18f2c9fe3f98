#include "engine/panel_choice.h"

#include "engine/steps/conv_panels.h"
#include "engine/steps/conv_problem.h"

namespace shrike {

Joined find_panels(const Graph& graph, const PlanOptions& options, const PlanChoices& choices) {
  Joined found;
  if (options.memory.bytes > 0 || !is_by_estimate(options.choose_conv)) return found;
  const Uses uses(graph);
  Planner asked(graph, options, choices);  // never run
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& after = graph.nodes[i];
    if (in_any_chain(choices.bands, i) || in_any_chain(choices.halves, i) ||
        !is_depthwise(asked, after))
      continue;
    const int producer = uses.producer(after.inputs[0]);
    if (producer < 0) continue;
    const auto before = static_cast<size_t>(producer);
    const char* reason =
        in_any_chain(choices.bands, before) || in_any_chain(choices.halves, before) ||
                in_any_chain(found.chains, before)
            ? "the layer before is computed with another one"
        : !uses.single_use(after.inputs[0]) ? "others read the map before it, too"
                                            : panels_refuse(asked, graph.nodes[before], after);
    if (reason) {
      found.declined.emplace(i, reason);
    } else {
      found.chains.push_back({before, i});
    }
  }
  return found;
}

}  // namespace shrike
