#include "calibrate/exceptions.h"

#include <algorithm>

namespace shrike {

namespace {

// Of its milliseconds in floats, what an exception costs at least.
constexpr double kLeastCost = 0.1;
// Rounds over all units at most: each makes the whole faster, so that they end anyway.
constexpr int kMostRounds = 32;

double converted(LayerType from, LayerType to, double values, const ConversionMs& conversion) {
  const bool narrows = from == LayerType::kInt16 && to == LayerType::kInt8;  // through floats
  const bool in = from == LayerType::kFloat && to != LayerType::kFloat;
  const bool out = from != LayerType::kFloat && to == LayerType::kFloat;
  return values * ((in || narrows ? conversion.to_integers : 0) +
                   (out || narrows ? conversion.to_floats : 0));
}

class Network {
 public:
  Network(const std::vector<TypedUnit>& units, const std::vector<UnitEdge>& edges,
          const ConversionMs& conversion)
      : units_(units), edges_(edges), conversion_(conversion), edges_of_(units.size()) {
    for (size_t e = 0; e < edges.size(); ++e)
      for (const size_t unit : {edges[e].from, edges[e].to}) edges_of_[unit].push_back(e);
  }

  double edge_ms(const UnitEdge& edge, const std::vector<LayerType>& types) const {
    return converted(types[edge.from], types[edge.to], edge.values, conversion_);
  }

  // What the whole takes longer when one unit has another type.
  double added(size_t unit, LayerType type, std::vector<LayerType>& types) const {
    const LayerType before = types[unit];
    double ms = units_[unit].at(type) - units_[unit].at(before);
    for (const size_t e : edges_of_[unit]) ms -= edge_ms(edges_[e], types);
    types[unit] = type;
    for (const size_t e : edges_of_[unit]) ms += edge_ms(edges_[e], types);
    types[unit] = before;
    return ms;
  }

 private:
  const std::vector<TypedUnit>& units_;
  const std::vector<UnitEdge>& edges_;
  const ConversionMs& conversion_;
  std::vector<std::vector<size_t>> edges_of_;  // indices, by unit
};

}  // namespace

double time_of(const std::vector<TypedUnit>& units, const std::vector<UnitEdge>& edges,
               const ConversionMs& conversion, const std::vector<LayerType>& types) {
  const Network network(units, edges, conversion);
  double ms = 0;
  for (size_t u = 0; u < units.size(); ++u) ms += units[u].at(types[u]);
  for (const UnitEdge& edge : edges) ms += network.edge_ms(edge, types);
  return ms;
}

std::vector<size_t> exceptions_in_order(const std::vector<TypedUnit>& units,
                                        const std::vector<UnitEdge>& edges,
                                        const ConversionMs& conversion,
                                        std::vector<LayerType> types,
                                        const std::vector<LayerType>& exceptions) {
  const Network network(units, edges, conversion);
  std::vector<size_t> left, order;
  for (size_t u = 0; u < units.size(); ++u)
    if (types[u] == LayerType::kInt8) left.push_back(u);
  const auto worth = [&](size_t unit) {
    const double floats = units[unit].at(LayerType::kFloat);
    const double cost =
        floats > 0 ? std::max(network.added(unit, exceptions[unit], types), kLeastCost * floats)
                   : 1;
    return units[unit].error / cost;
  };
  while (!left.empty()) {
    std::vector<double> worths;
    for (const size_t unit : left) worths.push_back(worth(unit));
    const auto best = std::max_element(worths.begin(), worths.end()) - worths.begin();
    const size_t unit = left[static_cast<size_t>(best)];
    types[unit] = exceptions[unit];
    order.push_back(unit);
    left.erase(left.begin() + best);
  }
  return order;
}

std::vector<LayerType> faster_types(const std::vector<TypedUnit>& units,
                                    const std::vector<UnitEdge>& edges,
                                    const ConversionMs& conversion, std::vector<LayerType> types) {
  const Network network(units, edges, conversion);
  bool changed = true;
  for (int round = 0; changed && round < kMostRounds; ++round) {
    changed = false;
    for (size_t u = 0; u < units.size(); ++u)
      for (const LayerType type : {LayerType::kInt8, LayerType::kFloat})
        if (type != types[u] && network.added(u, type, types) < 0) {
          types[u] = type;
          changed = true;
        }
  }
  return types;
}

}  // namespace shrike
