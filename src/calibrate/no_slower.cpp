#include "calibrate/no_slower.h"

#include <algorithm>

#include "calibrate/units.h"

namespace shrike {

namespace {

// What a unit's convolutions win by being integers, in milliseconds.
double won(const Unit& unit, const NetworkTimes& floats, const NetworkTimes& integers) {
  double ms = 0;
  for (const ValueId conv : unit.convs) ms += floats.convs.at(conv) - integers.convs.at(conv);
  return ms;
}

// The plan without the units that are not worth it.
IntegerPlan with_fewer(const Graph& network, const IntegerPlan& plan, const NetworkTimes& floats,
                       const NetworkTimes& integers) {
  std::vector<Unit> units = units_of(network, plan);
  const auto idle = std::stable_partition(units.begin(), units.end(),
                                          [](const Unit& unit) { return !unit.convs.empty(); });
  std::stable_sort(units.begin(), idle, [&](const Unit& a, const Unit& b) {
    return won(a, floats, integers) < won(b, floats, integers);
  });
  const auto count = static_cast<size_t>(idle - units.begin());
  size_t fewer = (count + 3) / 4;
  while (fewer < count && won(units[fewer], floats, integers) <= 0) ++fewer;
  IntegerPlan left;
  if (fewer == count) return left;
  for (size_t u = fewer; u < units.size(); ++u) {
    for (const size_t group : units[u].groups) left.groups.push_back(plan.groups[group]);
    for (const ValueId conv : units[u].convs) left.convs.emplace(*plan.convs.find(conv));
  }
  return left;
}

}  // namespace

Result<TimedPlan> no_slower(const Graph& network, IntegerPlan plan, const TimePlans& time) {
  TimedPlan timed{std::move(plan)};
  for (;;) {
    const IntegerPlan plans[] = {{}, timed.plan};
    SHRIKE_ASSIGN(const std::vector<NetworkTimes> times, time(plans));
    timed.ms_floats = times[0].all;
    timed.ms = timed.plan.convs.empty() ? times[0].all : times[1].all;
    if (timed.ms <= timed.ms_floats) return timed;
    timed.plan = with_fewer(network, timed.plan, times[0], times[1]);
  }
}

}  // namespace shrike
