#include "prune/prune.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "prune/remove_channels.h"
#include "prune/select_by_time.h"
#include "prune/sizes_before.h"

namespace shrike {

namespace {

std::string text_of(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// The layers, and how many channels each makes.
std::vector<std::pair<std::string, int64_t>> widths(const Graph& graph) {
  std::vector<std::pair<std::string, int64_t>> result;
  for (const Node& node : graph.nodes) {
    const std::optional<int> axis = channel_axis(graph, node);
    if (!axis) continue;
    const Shape* shape = graph.static_shape(node.outputs[0]);
    result.emplace_back(layer_name(graph, node),
                        shape ? (*shape)[*axis < 0 ? *axis + shape->rank() : *axis] : 0);
  }
  return result;
}

std::vector<PrunedLayer> layers_between(const Graph& before, const Graph& after) {
  const auto wide = widths(before), narrow = widths(after);
  std::vector<PrunedLayer> layers;
  if (wide.size() != narrow.size()) return layers;
  for (size_t i = 0; i < wide.size(); ++i)
    layers.push_back({wide[i].first, wide[i].second, narrow[i].second});
  return layers;
}

int64_t removable_of(std::span<const ChannelGroup> groups) {
  int64_t count = 0;
  for (const ChannelGroup& group : groups) count += static_cast<int64_t>(group.channels.size());
  return count;
}

Result<std::vector<bool>> protected_groups(const Graph& graph, const Channels& channels,
                                           std::span<const ChannelGroup> groups,
                                           const std::vector<std::string>& names) {
  SHRIKE_ASSIGN(const std::vector<const Node*> layers,
                layers_to_protect(graph, names, [&](const Node& node) {
                  return channel_axis(graph, node).has_value();
                }));
  std::vector<bool> stays(channels.count(), false);
  for (const Node* node : layers)
    for (const Channel channel : channels.axis(node->outputs[0], *channel_axis(graph, *node)))
      stays[static_cast<size_t>(channel)] = true;
  std::vector<bool> result;
  for (const ChannelGroup& group : groups)
    result.push_back(std::any_of(group.channels.begin(), group.channels.end(),
                                 [&](Channel c) { return stays[static_cast<size_t>(c)]; }));
  return result;
}

class Pruner {
 public:
  Pruner(const Graph& graph, const PruneOptions& options)
      : graph_(graph),
        options_(options),
        channels_(Channels::of(graph)),
        groups_(channel_groups(graph, channels_)),
        model_(graph, channels_),
        none_(channels_.count(), false),
        removable_(removable_of(groups_)) {}

  Result<PruneOutcome> run() {
    SHRIKE_TRY(check());
    SHRIKE_ASSIGN(std::vector<double> scores, importance(graph_, channels_, options_.importance,
                                                         options_.seed, options_.measured));
    estimate_unknown(scores, groups_);
    if (divides_by_group()) normalise_by_group(scores, groups_);
    SelectOptions select;
    select.multiple = options_.multiple;
    select.most = options_.most;
    if (options_.original)
      select.before = sizes_before(graph_, channels_, groups_, *options_.original);
    SHRIKE_ASSIGN(select.protect, protected_groups(graph_, channels_, groups_, options_.protect));
    if (options_.budget == PruneBudget::kLatency) {
      return select_in_time(scores, select);
    }
    const Ranking ranking(channels_.count(), groups_, scores, select);
    const std::optional<std::vector<bool>> removed =
        select_channels(ranking, limit(), [this](const std::vector<bool>& r) { return cost(r); });
    if (!removed) return below_the_least(options_, cost(ranking.removal(ranking.steps() - 1)));
    return outcome(*removed);
  }

 private:
  Result<void> check() const {
    SHRIKE_TRY(check_value(options_));
    if (!(options_.most >= 0 && options_.most <= 1) || options_.multiple < 1)
      return usage_error("at most all of a layer can leave, and widths are multiples of 1 or more");
    if (groups_.empty()) return usage_error("no channel of the model can leave");
    return {};
  }

  // Whether layers are to be made comparable. Chance is, and so are Taylor's numbers, changes of
  // one loss.
  bool divides_by_group() const {
    return options_.importance != Importance::kTaylor && options_.importance != Importance::kRandom;
  }

  double limit() const {
    if (options_.budget == PruneBudget::kRatio) return 1 - options_.value;
    return options_.value;
  }

  // In the unit of the budget.
  double cost(const std::vector<bool>& removed) const {
    const NetworkCost now = model_.at(removed), whole = model_.at(none_);
    const auto share = [](int64_t part, int64_t all) {
      return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
    };
    switch (options_.budget) {
      case PruneBudget::kMacs:
        return share(now.macs, whole.macs);
      case PruneBudget::kParameters:
        return share(now.parameters, whole.parameters);
      case PruneBudget::kRatio:
        return 1 - share(std::count(removed.begin(), removed.end(), true), removable_);
      case PruneBudget::kLatency:
        break;  // select_in_time()
    }
    return 0;
  }

  Result<PruneOutcome> select_in_time(const std::vector<double>& scores,
                                      const SelectOptions& select) const {
    TimeModel model(graph_, channels_, groups_, select);
    SHRIKE_TRY(options_.measure_layers(model));
    const TimedSelection selection(channels_.count(), groups_, scores, select, model);
    const auto measure = [&](const std::vector<bool>& removed) -> Result<double> {
      Graph smaller = graph_;
      SHRIKE_TRY(remove_channels(smaller, channels_, removed));
      return options_.latency(smaller);
    };
    SHRIKE_ASSIGN(const std::vector<bool> removed, fit_to_time(selection, options_.value, measure));
    SHRIKE_ASSIGN(PruneOutcome result, outcome(removed));
    result.table_ms_before = selection.whole_ms();
    result.table_ms_after = selection.ms(removed);
    return result;
  }

  Result<PruneOutcome> outcome(const std::vector<bool>& removed) const {
    PruneOutcome result;
    result.graph = graph_;
    SHRIKE_TRY(remove_channels(result.graph, channels_, removed));
    result.before = model_.at(none_);
    result.after = model_.at(removed);
    result.channels = removable_;
    result.removed = std::count(removed.begin(), removed.end(), true);
    result.whole = channels_.whole();
    result.layers = layers_between(graph_, result.graph);
    return result;
  }

  const Graph& graph_;
  const PruneOptions& options_;
  const Channels channels_;
  const std::vector<ChannelGroup> groups_;
  const CostModel model_;
  const std::vector<bool> none_;
  const int64_t removable_;
};

}  // namespace

Result<PruneOutcome> prune(const Graph& graph, const PruneOptions& options) {
  return Pruner(graph, options).run();
}

Result<void> check_value(const PruneOptions& options) {
  const bool shares = options.budget != PruneBudget::kLatency;
  const bool none_leaves = options.budget == PruneBudget::kRatio && options.value == 0;
  if (none_leaves || (options.value > 0 && (!shares || options.value <= 1))) return {};
  return usage_error(shares ? "a share to prune to lies above 0 and is at most 1"
                            : "a latency lies above 0");
}

Error below_the_least(const PruneOptions& options, double least, const std::string& can_go) {
  // Towards what can be: the number that is said can be given.
  const auto told = [](double share) { return text_of("%.3f", share); };
  const std::string value = text_of("%g", options.value);
  if (options.budget == PruneBudget::kRatio)
    return usage_error("--ratio " + value + ": at most " +
                       told(std::floor(1000 * (1 - least)) / 1000) + " of the " + can_go);
  const bool macs = options.budget == PruneBudget::kMacs;
  return usage_error((macs ? "--macs " : "--params ") + value + ": at least " +
                     told(std::ceil(1000 * least) / 1000) + " of the " +
                     (macs ? "multiply-adds stay" : "parameters stay"));
}

int64_t removable_channels(const Graph& graph) {
  return removable_of(channel_groups(graph, Channels::of(graph)));
}

PruneOutcome compared(const Graph& before, Graph after) {
  const Channels channels = Channels::of(before), left = Channels::of(after);
  PruneOutcome result;
  result.before = cost_of(before);
  result.after = cost_of(after);
  result.channels = removable_of(channel_groups(before, channels));
  result.removed = result.channels - removable_of(channel_groups(after, left));
  result.whole = channels.whole();
  result.layers = layers_between(before, after);
  result.graph = std::move(after);
  return result;
}

}  // namespace shrike
