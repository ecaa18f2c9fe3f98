#include "engine/halves_choice.h"

#include "engine/steps/conv_halves.h"
#include "engine/steps/conv_panels.h"

namespace shrike {

Joined find_halves(const Graph& graph, const PlanOptions& options, const PlanChoices& choices) {
  Joined found;
  if (options.threads != 2 || options.memory.bytes > 0 || !is_by_estimate(options.choose_conv))
    return found;
  const Uses uses(graph);
  Planner asked(graph, options, choices);  // never run
  // The node that makes what the first input of another reads, and nothing else does; or null.
  const auto before = [&](const Node& node) -> const Node* {
    const int producer = node.inputs.empty() ? -1 : uses.producer(node.inputs[0]);
    if (producer < 0 || !uses.single_use(node.inputs[0])) return nullptr;
    return in_any_chain(choices.bands, static_cast<size_t>(producer))
               ? nullptr
               : &graph.nodes[static_cast<size_t>(producer)];
  };
  const auto index_of = [&](const Node& node) {
    return static_cast<size_t>(&node - graph.nodes.data());
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& last = graph.nodes[i];
    if (!std::holds_alternative<Conv>(last.op) || in_any_chain(choices.bands, i)) continue;
    const Node* depthwise = before(last);
    if (!depthwise || !is_depthwise(asked, *depthwise)) continue;
    const Node* first = before(*depthwise);
    if (!first) continue;
    if (const char* reason = halves_refuse(asked, *first, *depthwise, last)) {
      found.declined.emplace(i, reason);
    } else {
      found.chains.push_back({index_of(*first), index_of(*depthwise), i});
    }
  }
  return found;
}

}  // namespace shrike
