#include "calibrate/mixed.h"

#include <algorithm>

#include "calibrate/observer.h"
#include "calibrate/units.h"

namespace shrike {

namespace {

// Integers that lose less than this to floats, by one measurement, do not lose.
constexpr double kSlower = 1.05;

class Mixing {
 public:
  Mixing(const Calibration& bytes, const std::map<ValueId, LayerSensitivity>& layers,
         const MixedOptions& options)
      : bytes_(bytes), options_(options), words_(in_words(bytes)) {
    collect(layers);
    connect();
    start_.assign(units_.size(), LayerType::kInt8);
    start_ = faster_types(costs_, edges_, options.conversion, std::move(start_));
    for (size_t u = 0; u < units_.size(); ++u) {
      const bool floats =
          options.floats_alone || costs_[u].at(LayerType::kInt16) > costs_[u].at(LayerType::kFloat);
      exceptions_.push_back(floats ? LayerType::kFloat : LayerType::kInt16);
    }
    order_ = exceptions_in_order(costs_, edges_, options.conversion, start_, exceptions_);
    std::erase_if(order_, [&](size_t u) { return units_[u].convs.empty(); });
  }

  IntegerPlan fastest() const { return plan_of(start_); }

  Result<MixedChoice> run() {
    SHRIKE_TRY(try_out(start_, options_.start_lost));
    if (best_.reached) return std::move(best_);
    SHRIKE_TRY(least([&](size_t count) { return exact_for(count); }));
    if (!best_.reached) SHRIKE_TRY(least([&](size_t count) { return floats_for(count); }));
    return std::move(best_);
  }

 private:
  using Types = std::vector<LayerType>;

  void collect(const std::map<ValueId, LayerSensitivity>& layers);
  void connect();

  // The first `count` of the order more exact than 8 bits.
  Types exact_for(size_t count) const {
    Types types = start_;
    for (size_t i = 0; i < count; ++i) types[order_[i]] = exceptions_[order_[i]];
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
      const Unit& unit = units_[u];
      const IntegerPlan& from = types[u] == LayerType::kInt8 ? bytes_.plan : words_;
      for (const size_t group : unit.groups) plan.groups.push_back(from.groups[group]);
      for (const ValueId conv : unit.convs) plan.convs.emplace(*from.convs.find(conv));
    }
    return plan;
  }

  Result<double> judged(const IntegerPlan& plan) {
    Graph graph = bytes_.network;
    SHRIKE_TRY(place_integers(graph, plan));
    SHRIKE_ASSIGN(const double lost, options_.points_lost(graph));
    looks_.push_back(lost);
    return lost;
  }

  // Keeps the plan where it is the first that is good enough, better than the best so far, or good
  // enough with fewer exceptions, which is how it is called. `known`: what it loses, where nobody
  // must be asked. Returns whether it is good enough.
  Result<bool> try_out(const Types& types, std::optional<double> known = {}) {
    MixedChoice choice{plan_of(types)};
    if (!known) {
      SHRIKE_ASSIGN(known, judged(choice.plan));
    }
    choice.lost = *known;
    const bool reached = choice.lost <= options_.max_drop;
    choice.reached = reached;
    if (reached || !tried_ || (!best_.reached && choice.lost < best_.lost))
      best_ = std::move(choice);
    tried_ = true;
    best_.looks = looks_;
    return reached;
  }

  // 0 is not enough: the least number of exceptions that is. It grows by a quarter, as a longer
  // list does not always lose less: of few pictures one detection more is many layers' worth.
  template <typename TypesFor>
  Result<void> least(const TypesFor& types_for) {
    size_t most = order_.size();
    while (most > 0 && plan_of(types_for(most)).convs.empty()) --most;  // floats alone are no file
    size_t few = 0, enough = 0;
    const auto look = [&](size_t count) -> Result<void> {
      SHRIKE_ASSIGN(const bool fits, try_out(types_for(count)));
      (fits ? enough : few) = count;
      return {};
    };
    while (enough == 0 && few < most) SHRIKE_TRY(look(std::min(most, few + 1 + few / 4)));
    while (enough > few + 1) SHRIKE_TRY(look(few + (enough - few) / 2));
    return {};
  }

  const Calibration& bytes_;
  const MixedOptions& options_;
  IntegerPlan words_;
  std::vector<Unit> units_;
  std::vector<TypedUnit> costs_;  // by unit
  std::vector<UnitEdge> edges_;
  Types start_, exceptions_;  // by unit
  std::vector<size_t> order_;  // units of 8 bits, those first that are most worth an exception
  MixedChoice best_;
  bool tried_ = false;  // a plan, so that best_ is one
  std::vector<double> looks_;
};

void Mixing::collect(const std::map<ValueId, LayerSensitivity>& layers) {
  units_ = units_of(bytes_.network, bytes_.plan);
  for (const Unit& unit : units_) {
    TypedUnit cost;
    for (const ValueId conv : unit.convs) {
      if (const auto layer = layers.find(conv); layer != layers.end())
        cost.error += layer->second.error;
      if (const auto ms = options_.ms.find(conv); ms != options_.ms.end())
        for (size_t type = 0; type < kLayerTypes; ++type) cost.ms[type] += ms->second[type];
    }
    cost.ms[static_cast<size_t>(LayerType::kFloat)] *= kSlower;
    costs_.push_back(cost);
  }
}

// Which unit computes what another reads.
void Mixing::connect() {
  std::map<ValueId, size_t> unit_of;
  for (size_t u = 0; u < units_.size(); ++u)
    for (const ValueId conv : units_[u].convs) unit_of[conv] = u;
  for (size_t u = 0; u < units_.size(); ++u)
    for (const size_t group : units_[u].groups)
      for (const ValueId id : bytes_.plan.groups[group].producers) {
        const auto maker = unit_of.find(id);
        if (maker == unit_of.end() || maker->second == u) continue;
        const auto values = static_cast<double>(*bytes_.network.static_shape(id)->element_count());
        edges_.push_back({maker->second, u, values});
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
