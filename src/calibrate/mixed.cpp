#include "calibrate/mixed.h"

#include <algorithm>

#include "calibrate/observer.h"
#include "calibrate/units.h"

namespace shrike {

namespace {

// Integers that lose less than this to floats, by one measurement, do not lose.
constexpr double kSlower = 1.05;

struct Candidate {
  Unit unit;
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
    collect(layers);
    for (const Candidate& candidate : candidates_)
      start_.push_back(candidate.slower(LayerType::kInt8) ? LayerType::kFloat : LayerType::kInt8);
    for (size_t u = 0; u < candidates_.size(); ++u)
      if (start_[u] == LayerType::kInt8 && !candidates_[u].unit.convs.empty()) order_.push_back(u);
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      return candidates_[a].error > candidates_[b].error;
    });
  }

  IntegerPlan fastest() const { return plan_of(start_); }

  Result<MixedChoice> run() {
    SHRIKE_TRY(try_out(start_));
    if (best_.reached) return std::move(best_);
    SHRIKE_TRY(least(order_.size(), [&](size_t count) { return exact_for(count); }));
    if (!best_.reached && !order_.empty())  // one unit at least is worth a file
      SHRIKE_TRY(least(order_.size() - 1, [&](size_t count) { return floats_for(count); }));
    return std::move(best_);
  }

 private:
  using Types = std::vector<LayerType>;

  void collect(const std::map<ValueId, LayerSensitivity>& layers);

  // The first `count` of the order more exact than 8 bits.
  Types exact_for(size_t count) const {
    Types types = start_;
    for (size_t i = 0; i < count; ++i) {
      const bool floats = options_.floats_alone || candidates_[order_[i]].slower(LayerType::kInt16);
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
    for (size_t u = 0; u < candidates_.size(); ++u) {
      if (types[u] == LayerType::kFloat) continue;
      const Unit& unit = candidates_[u].unit;
      const IntegerPlan& from = types[u] == LayerType::kInt8 ? bytes_.plan : words_;
      for (const size_t group : unit.groups) plan.groups.push_back(from.groups[group]);
      for (const ValueId conv : unit.convs) plan.convs.emplace(*from.convs.find(conv));
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

  // 0 is not enough: the least that is, up to `most`. Small numbers are tried first, as few
  // exceptions are what is looked for and a longer list does not always lose less.
  template <typename TypesFor>
  Result<void> least(size_t most, const TypesFor& types_for) {
    size_t few = 0, enough = 0;
    while (enough == 0 && few < most) {
      const size_t count = std::min(most, std::max<size_t>(1, 2 * few));
      SHRIKE_TRY(try_out(types_for(count)));
      (fits_ ? enough : few) = count;
    }
    while (enough > few + 1) {
      const size_t middle = few + (enough - few) / 2;
      SHRIKE_TRY(try_out(types_for(middle)));
      (fits_ ? enough : few) = middle;
    }
    return {};
  }

  const Calibration& bytes_;
  const MixedOptions& options_;
  IntegerPlan words_;
  std::vector<Candidate> candidates_;
  Types start_;                // by candidate
  std::vector<size_t> order_;  // candidates of 8 bits, the most sensitive first
  MixedChoice best_;
  bool first_ = true, fits_ = false;
};

void Mixing::collect(const std::map<ValueId, LayerSensitivity>& layers) {
  for (Unit& unit : units_of(bytes_.network, bytes_.plan)) {
    Candidate candidate{std::move(unit)};
    for (const ValueId conv : candidate.unit.convs) {
      if (const auto layer = layers.find(conv); layer != layers.end())
        candidate.error += layer->second.error;
      if (const auto ms = options_.ms.find(conv); ms != options_.ms.end())
        for (size_t type = 0; type < kLayerTypes; ++type) candidate.ms[type] += ms->second[type];
    }
    candidates_.push_back(std::move(candidate));
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
