#include "engine/far_bands.h"

#include "engine/steps/conv_bands.h"
#include "engine/steps/conv_problem.h"

namespace shrike {

namespace {

// Measured with yolo-fastest-1.1-xl and others (docs/decisions/033-planes-and-far-bands.md): maps
// of less stay near enough, and layers with more to compute hide the traffic.
constexpr int64_t kFarBytes = 4 << 20;
constexpr int64_t kMostMacsPerByte = 4;

bool by_estimate(const ChooseConv& choose) {
  const auto* function = choose.target<ConvChoice (*)(const kernels::ConvProblem&)>();
  return function && *function == choose_by_estimate;
}

// Whether the map between two convolutions is large, next to what both compute.
bool is_far(const Planner& asked, const Node& before, const Node& after) {
  const kernels::ConvProblem first = conv_problem(asked, before);
  const kernels::ConvProblem second = conv_problem(asked, after);
  const int64_t bytes =
      first.out_height * first.out_width * first.out_channels * static_cast<int64_t>(sizeof(float));
  return bytes >= kFarBytes && first.macs() + second.macs() <= kMostMacsPerByte * bytes;
}

}  // namespace

Chains find_far_bands(const Graph& graph, const PlanOptions& options, const PlanChoices& choices) {
  Chains pairs;
  if (!by_estimate(options.choose_conv)) return pairs;
  const Uses uses(graph);
  Planner asked(graph, options, choices);  // never run
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& after = graph.nodes[i];
    if (!can_band(asked, after) || in_any_chain(choices.bands, i)) continue;
    const ValueId between = after.inputs[0];
    const int producer = uses.producer(between);
    if (producer < 0 || !uses.single_use(between)) continue;
    const auto before = static_cast<size_t>(producer);
    if (in_any_chain(choices.bands, before) || in_any_chain(pairs, before)) continue;
    if (can_band(asked, graph.nodes[before]) && is_far(asked, graph.nodes[before], after))
      pairs.push_back({before, i});
  }
  return pairs;
}

}  // namespace shrike
