#include "calibrate/conversions.h"

#include <algorithm>

#include "calibrate/units.h"

namespace shrike {

namespace {

// Of all steps that are no convolution's.
double beside_convs(const NetworkTimes& times) {
  double ms = times.all;
  for (const auto& [conv, own] : times.convs) ms -= own;
  return ms;
}

double a_value(double ms, double values) { return values > 0 ? std::max(0.0, ms / values) : 0; }

}  // namespace

IntegerPlan every_other(const Graph& network, const IntegerPlan& plan) {
  IntegerPlan left;
  bool keep = false;
  for (const Unit& unit : units_of(network, plan)) {
    if (unit.convs.empty()) continue;
    keep = !keep;
    if (!keep) continue;
    for (const size_t group : unit.groups) left.groups.push_back(plan.groups[group]);
    for (const ValueId conv : unit.convs) left.convs.emplace(*plan.convs.find(conv));
  }
  return left;
}

ConversionMs conversion_ms(const Graph& network, const IntegerPlan& plan,
                           const NetworkTimes& floats, const NetworkTimes& integers,
                           const NetworkTimes& alternating) {
  const IntegerPlan alternate = every_other(network, plan);
  const auto groups = groups_by_value(network, plan), left = groups_by_value(network, alternate);
  double to_integers = 0, to_floats = 0, longer = 0;
  for (const auto& [conv, weights] : plan.convs) {
    const auto id = static_cast<size_t>(conv);
    if (!groups[id]) continue;
    const auto values = static_cast<double>(*network.static_shape(conv)->element_count());
    if (!alternate.convs.contains(conv)) {
      to_integers += left[id] ? values : 0;
    } else if (!left[id]) {
      to_floats += values;
      longer += alternating.convs.at(conv) - integers.convs.at(conv);
    }
  }
  const double beside = std::max(beside_convs(floats), beside_convs(integers));
  return {a_value(beside_convs(alternating) - beside, to_integers), a_value(longer, to_floats)};
}

}  // namespace shrike
