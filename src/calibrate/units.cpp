#include "calibrate/units.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace shrike {

std::vector<Unit> units_of(const Graph& network, const IntegerPlan& plan) {
  const auto group_of = groups_by_value(network, plan);
  const auto group = [&](ValueId id) { return group_of[static_cast<size_t>(id)]; };
  std::vector<size_t> first(plan.groups.size());  // of the groups that are one unit
  std::iota(first.begin(), first.end(), size_t{0});
  const auto join = [&](size_t a, size_t b) {
    const size_t from = std::max(first[a], first[b]), to = std::min(first[a], first[b]);
    std::replace(first.begin(), first.end(), from, to);
  };
  for (const Node& node : network.nodes) {
    if (!plan.convs.contains(node.outputs[0]) || node.inputs.size() <= 3) continue;
    for (const ValueId id : {node.inputs[3], node.outputs[0]})
      if (group(id)) join(*group(node.inputs[0]), *group(id));
  }
  std::vector<Unit> units;
  std::map<size_t, size_t> places;  // in units, by first group
  const auto unit_of = [&](size_t g) -> Unit& {
    const auto [found, added] = places.emplace(first[g], units.size());
    if (added) units.emplace_back();
    return units[found->second];
  };
  for (size_t g = 0; g < first.size(); ++g) unit_of(g).groups.push_back(g);
  for (const Node& node : network.nodes)
    if (plan.convs.contains(node.outputs[0]))
      unit_of(*group(node.inputs[0])).convs.push_back(node.outputs[0]);
  return units;
}

}  // namespace shrike
