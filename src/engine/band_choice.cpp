#include "engine/band_choice.h"

#include <algorithm>
#include <optional>

#include "engine/steps/conv_bands.h"

namespace shrike {

namespace {

using Chain = std::vector<size_t>;

class ChainFinder {
 public:
  ChainFinder(const Graph& graph, const PlanOptions& options)
      : graph_(graph), uses_(graph), planner_(graph, options, {}) {}

  // What `chain` and one more convolution, before or behind it, are.
  std::vector<Chain> longer(const Chain& chain) {
    std::vector<Chain> found;
    for (size_t node : chain)
      if (!can_band(planner_, graph_.nodes[node])) return found;
    const ValueId input = graph_.nodes[chain.front()].inputs[0];
    const ValueId output = graph_.nodes[chain.back()].outputs[0];
    if (const int before = uses_.producer(input); before >= 0 && joins(before, input)) {
      found.push_back(chain);
      found.back().insert(found.back().begin(), static_cast<size_t>(before));
    }
    if (uses_.single_use(output) && reads_as_map(uses_.readers(output)[0], output)) {
      found.push_back(chain);
      found.back().push_back(static_cast<size_t>(uses_.readers(output)[0]));
    }
    return found;
  }

 private:
  bool joins(int before, ValueId value) {
    return uses_.single_use(value) && can_band(planner_, node(before));
  }
  bool reads_as_map(int reader, ValueId value) {
    return node(reader).inputs[0] == value && can_band(planner_, node(reader));
  }
  const Node& node(int index) const { return graph_.nodes[static_cast<size_t>(index)]; }

  const Graph& graph_;
  const Uses uses_;
  Planner planner_;  // asked, never run
};

bool share_nodes(const Chain& a, const Chain& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](size_t node) { return std::find(b.begin(), b.end(), node) != b.end(); });
}

// `chains` with `part` of one of them, or a node of none, made longer; nothing where it would touch
// another.
std::optional<Chains> replaced(Chains chains, const Chain& part, const Chain& longer) {
  std::erase(chains, part);
  for (const Chain& other : chains)
    if (share_nodes(other, longer)) return std::nullopt;
  chains.push_back(longer);
  return chains;
}

}  // namespace

Result<std::vector<Chains>> find_bands(const Graph& graph, const PlanOptions& options) {
  ChainFinder finder(graph, options);
  std::vector<Chains> ways = {{}};
  SHRIKE_ASSIGN(Draft draft, lay_out(graph, options, {}));
  while (true) {
    const int step = draft.plan->fullest_step();
    if (step < 0 || static_cast<size_t>(step) >= draft.nodes.size()) return ways;
    // Bands instead of a pooling that is computed together with its convolution.
    Chain now = draft.nodes[static_cast<size_t>(step)];
    if (now.size() == 2 && std::holds_alternative<MaxPool>(graph.nodes[now.back()].op))
      now.pop_back();
    std::optional<Chains> best;
    std::optional<Draft> smallest;
    for (const Chain& longer : finder.longer(now)) {
      std::optional<Chains> chains = replaced(ways.back(), now, longer);
      if (!chains) continue;
      PlanChoices choices;
      choices.bands = *chains;
      SHRIKE_ASSIGN(Draft other, lay_out(graph, options, std::move(choices)));
      if (other.plan->arena_bytes() >= (smallest ? *smallest : draft).plan->arena_bytes()) continue;
      best = std::move(chains);
      smallest = std::move(other);
    }
    if (!best) return ways;
    ways.push_back(*std::move(best));
    draft = *std::move(smallest);
  }
}

}  // namespace shrike
