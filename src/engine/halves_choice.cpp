#include "engine/halves_choice.h"

#include "engine/steps/conv_halves.h"
#include "engine/steps/conv_problem.h"

namespace shrike {

Joined find_halves(const Graph& graph, const PlanOptions& options, const PlanChoices& choices) {
  Joined found;
  if (options.threads != 2 || options.memory.bytes > 0 || !is_by_estimate(options.choose_conv))
    return found;
  const Uses uses(graph);
  Planner asked(graph, options, choices);  // never run
  const auto is_taken = [&](size_t node) {
    return in_any_chain(choices.bands, node) || in_any_chain(found.chains, node);
  };
  const auto before = [&](size_t node) { return uses.producer(graph.nodes[node].inputs[0]); };
  for (size_t last = 0; last < graph.nodes.size(); ++last) {
    if (!std::holds_alternative<Conv>(graph.nodes[last].op) || is_taken(last)) continue;
    if (before(last) < 0) continue;
    const auto depthwise = static_cast<size_t>(before(last));
    if (!is_depthwise(asked, graph.nodes[depthwise]) || before(depthwise) < 0) continue;
    const auto first = static_cast<size_t>(before(depthwise));
    const char* reason =
        is_taken(first) || is_taken(depthwise) ? "a layer before is computed with another one"
        : !uses.single_use(graph.nodes[depthwise].inputs[0]) ||
                !uses.single_use(graph.nodes[last].inputs[0])
            ? "others read a map before it, too"
            : halves_refuse(asked, graph.nodes[first], graph.nodes[depthwise], graph.nodes[last]);
    if (reason) {
      found.declined.emplace(last, reason);
    } else {
      found.chains.push_back({first, depthwise, last});
    }
  }
  return found;
}

}  // namespace shrike
