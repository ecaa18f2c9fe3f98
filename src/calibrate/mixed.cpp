#include "calibrate/mixed.h"

#include <algorithm>
#include <numeric>

#include "calibrate/observer.h"

namespace shrike {

namespace {

// Integers that lose less than this to floats, by one measurement, do not lose.
constexpr double kSlower = 1.05;

struct Unit {
  std::vector<size_t> groups;
  std::vector<ValueId> convs;
  double error = 0;  // the sum of its convolutions'
  std::array<double, kLayerTypes> ms = {};

  double time(LayerType type) const { return ms[static_cast<size_t>(type)]; }
  bool slower(LayerType type) const { return time(type) > kSlower * time(LayerType::kFloat); }
};

class Mixing {
 public:
  Mixing(const Calibration& bytes, const std::map<ValueId, LayerSensitivity>& layers,
         const MixedOptions& options)
      : bytes_(bytes), options_(options), words_(in_words(bytes)) {
    collect_units(layers);
    for (const Unit& unit : units_)
      start_.push_back(unit.slower(LayerType::kInt8) ? LayerType::kFloat : LayerType::kInt8);
    for (size_t u = 0; u < units_.size(); ++u)
      if (start_[u] == LayerType::kInt8 && !units_[u].convs.empty()) order_.push_back(u);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return units_[a].error > units_[b].error; });
  }

  IntegerPlan fastest() const { return plan_of(start_); }

  Result<MixedChoice> run() {
    SHRIKE_TRY(try_out(start_));
    if (best_.reached) return std::move(best_);
    const auto exact = [&](size_t count) { return exact_for(count); };
    SHRIKE_TRY(try_out(exact(order_.size())));
    if (best_.reached) {
      SHRIKE_TRY(halve(order_.size(), exact));
    } else if (!order_.empty()) {
      const auto floats = [&](size_t count) { return floats_for(count); };
      SHRIKE_TRY(try_out(floats(order_.size() - 1)));  // one unit at least is worth a file
      if (best_.reached) SHRIKE_TRY(halve(order_.size() - 1, floats));
    }
    return std::move(best_);
  }

 private:
  using Types = std::vector<LayerType>;

  void collect_units(const std::map<ValueId, LayerSensitivity>& layers);

  // The first `count` of the order more exact than 8 bits.
  Types exact_for(size_t count) const {
    Types types = start_;
    for (size_t i = 0; i < count; ++i) {
      const Unit& unit = units_[order_[i]];
      const bool floats = options_.floats_alone || unit.slower(LayerType::kInt16);
      types[order_[i]] = floats ? LayerType::kFloat : LayerType::kInt16;
    }
    return types;
  }
  // The same in floats, and the others more exact than 8 bits.
  Types floats_for(size_t count) const {
    Types types = exact_for(order_.size());
    for (size_t i = 0; i < count; ++i) types[order_[i]] = LayerType::kFloat;
    return types;
  }

  IntegerPlan plan_of(const Types& types) const {
    IntegerPlan plan;
    for (size_t u = 0; u < units_.size(); ++u) {
      if (types[u] == LayerType::kFloat) continue;
      const IntegerPlan& from = types[u] == LayerType::kInt8 ? bytes_.plan : words_;
      for (const size_t group : units_[u].groups) plan.groups.push_back(from.groups[group]);
      for (const ValueId conv : units_[u].convs) plan.convs.emplace(*from.convs.find(conv));
    }
    return plan;
  }

  // Keeps the plan where it is the first that is good enough, better than the best so far, or good
  // enough with fewer exceptions, which is how it is called.
  Result<void> try_out(const Types& types) {
    MixedChoice choice{plan_of(types), 0, false};
    Graph graph = bytes_.network;
    SHRIKE_TRY(place_integers(graph, choice.plan));
    SHRIKE_ASSIGN(choice.lost, options_.points_lost(graph));
    choice.reached = choice.lost <= options_.max_drop;
    fits_ = choice.reached;
    if (choice.reached || (!best_.reached && (first_ || choice.lost < best_.lost)))
      best_ = std::move(choice);
    first_ = false;
    return {};
  }

  // `most` is enough and 0 is not: the least that is.
  template <typename TypesFor>
  Result<void> halve(size_t most, const TypesFor& types_for) {
    size_t few = 0;
    while (most - few > 1) {
      const size_t middle = few + (most - few) / 2;
      SHRIKE_TRY(try_out(types_for(middle)));
      (fits_ ? most : few) = middle;
    }
    return {};
  }

  const Calibration& bytes_;
  const MixedOptions& options_;
  IntegerPlan words_;
  std::vector<Unit> units_;
  Types start_;                // by unit
  std::vector<size_t> order_;  // units of 8 bits, the most sensitive first
  MixedChoice best_;
  bool first_ = true, fits_ = false;
};

void Mixing::collect_units(const std::map<ValueId, LayerSensitivity>& layers) {
  const auto group_of = groups_by_value(bytes_.network, bytes_.plan);
  const auto group = [&](ValueId id) { return group_of[static_cast<size_t>(id)]; };
  std::vector<size_t> first(bytes_.plan.groups.size());  // of the groups that are one unit
  std::iota(first.begin(), first.end(), size_t{0});
  const auto join = [&](size_t a, size_t b) {
    const size_t from = std::max(first[a], first[b]), to = std::min(first[a], first[b]);
    std::replace(first.begin(), first.end(), from, to);
  };
  for (const Node& node : bytes_.network.nodes) {
    if (!bytes_.plan.convs.contains(node.outputs[0]) || node.inputs.size() <= 3) continue;
    for (const ValueId id : {node.inputs[3], node.outputs[0]})
      if (group(id)) join(*group(node.inputs[0]), *group(id));
  }
  std::map<size_t, size_t> units;  // by first group
  const auto unit_of = [&](size_t g) -> Unit& {
    const auto [found, added] = units.emplace(first[g], units_.size());
    if (added) units_.emplace_back();
    return units_[found->second];
  };
  for (size_t g = 0; g < first.size(); ++g) unit_of(g).groups.push_back(g);
  for (const Node& node : bytes_.network.nodes) {
    const ValueId conv = node.outputs[0];
    if (!bytes_.plan.convs.contains(conv)) continue;
    Unit& unit = unit_of(*group(node.inputs[0]));
    unit.convs.push_back(conv);
    if (const auto layer = layers.find(conv); layer != layers.end())
      unit.error += layer->second.error;
    if (const auto ms = options_.ms.find(conv); ms != options_.ms.end())
      for (size_t type = 0; type < kLayerTypes; ++type) unit.ms[type] += ms->second[type];
  }
}

}  // namespace

IntegerPlan in_words(const Calibration& bytes) {
  IntegerPlan words = bytes.plan;
  for (TensorGroup& group : words.groups) {
    if (group.histogram.count() == 0) continue;  // the picture, whose bytes are exact
    group.range = {RangeMethod::kMinMax, 1, choose_range(group.histogram, RangeMethod::kMinMax)};
    group.form = form_of(group.range.range, DType::kI16);
  }
  for (const Node& node : bytes.network.nodes)
    if (const auto found = words.convs.find(node.outputs[0]); found != words.convs.end())
      found->second = nearest_conv(bytes.network, node, DType::kI16);
  return words;
}

IntegerPlan fastest_plan(const Calibration& bytes, const MixedOptions& options) {
  return Mixing(bytes, {}, options).fastest();
}

Result<MixedChoice> choose_types(const Calibration& bytes,
                                 const std::map<ValueId, LayerSensitivity>& layers,
                                 const MixedOptions& options) {
  return Mixing(bytes, layers, options).run();
}

}  // namespace shrike
