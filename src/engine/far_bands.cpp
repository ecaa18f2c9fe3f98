#include "engine/far_bands.h"

#include "engine/steps/conv_bands.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"

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

// Why two convolutions of which the second reads the first's output are no pair, or null.
const char* refuse(Planner& asked, const Node& before, const Node& after) {
  if (!can_band(asked, before)) return "the layer before is not computed by rows";
  if (!can_band(asked, after)) return "it is not computed by rows";
  const kernels::ConvProblem first = conv_problem(asked, before);
  const kernels::ConvProblem second = conv_problem(asked, after);
  const int64_t bytes =
      first.out_height * first.out_width * first.out_channels * static_cast<int64_t>(sizeof(float));
  if (bytes < kFarBytes) return "the map before it is near";
  return first.macs() + second.macs() > kMostMacsPerByte * bytes
             ? "it and the layer before multiply much for each byte between"
             : nullptr;
}

}  // namespace

FarBands find_far_bands(const Graph& graph, const PlanOptions& options,
                        const PlanChoices& choices) {
  FarBands found;
  if (!by_estimate(options.choose_conv)) return found;
  const Uses uses(graph);
  Planner asked(graph, options, choices);  // never run
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& after = graph.nodes[i];
    if (!std::holds_alternative<Conv>(after.op) || in_any_chain(choices.bands, i) ||
        conv_refuse(asked, after))
      continue;
    const int producer = uses.producer(after.inputs[0]);
    if (producer < 0) continue;
    const auto before = static_cast<size_t>(producer);
    if (!std::holds_alternative<Conv>(graph.nodes[before].op)) continue;
    const bool taken = in_any_chain(choices.bands, before) || in_any_chain(found.pairs, before);
    const char* reason = taken ? "the layer before is computed with another one"
                         : !uses.single_use(after.inputs[0])
                             ? "others read the map before it, too"
                             : refuse(asked, graph.nodes[before], after);
    if (reason) {
      found.declined.emplace(i, reason);
    } else {
      found.pairs.push_back({before, i});
    }
  }
  return found;
}

}  // namespace shrike
