#include "engine/far_bands.h"

#include <algorithm>

#include "engine/steps/conv_bands.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"

namespace shrike {

namespace {

// Measured with several networks (docs/decisions/037-sliding-windows.md): maps beyond a core's own
// caches, and how much each layer on both sides may multiply for each byte of one, as what it loses
// by computing few rows at a time is a share of that.
struct FarMap {
  int64_t bytes, most_macs_per_byte;
};
constexpr int64_t kMiB = 1 << 20;
constexpr FarMap kFarMaps[] = {{4 * kMiB, 20}, {3 * kMiB / 2, 7}};

// Why a convolution and one that reads its output are not computed together, or null.
const char* refuse(Planner& asked, const Node& before, const Node& after) {
  if (!can_band(asked, before)) return "the layer before is not computed by rows";
  if (!can_band(asked, after)) return "it is not computed by rows";
  const kernels::ConvProblem first = conv_problem(asked, before);
  const kernels::ConvProblem second = conv_problem(asked, after);
  const int64_t bytes =
      first.out_height * first.out_width * first.out_channels * static_cast<int64_t>(sizeof(float));
  for (const FarMap& far : kFarMaps)
    if (bytes >= far.bytes)
      return std::max(first.macs(), second.macs()) > far.most_macs_per_byte * bytes
                 ? "it or the layer before multiplies much for each byte between"
                 : nullptr;
  return "the map before it is near";
}

}  // namespace

Joined find_far_bands(const Graph& graph, const PlanOptions& options, const PlanChoices& choices) {
  Joined found;
  if (!is_by_estimate(options.choose_conv)) return found;
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
    const char* reason =
        in_any_chain(choices.bands, before) ? "the layer before is computed with another one"
        : !uses.single_use(after.inputs[0]) ? "others read the map before it, too"
                                            : refuse(asked, graph.nodes[before], after);
    if (reason) {
      found.declined.emplace(i, reason);
    } else {
      const auto chain = std::ranges::find_if(
          found.chains, [&](const std::vector<size_t>& nodes) { return nodes.back() == before; });
      if (chain != found.chains.end()) {
        chain->push_back(i);
      } else {
        found.chains.push_back({before, i});
      }
    }
  }
  return found;
}

}  // namespace shrike
