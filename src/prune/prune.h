// Pruning: a graph made smaller by whole channels, the least important ones first, until it costs
// what is wanted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "prune/cost.h"
#include "prune/importance.h"
#include "prune/layers.h"
#include "prune/select.h"
#include "prune/time_model.h"

namespace shrike {

enum class PruneBudget : uint8_t {
  kMacs,        // share of the multiply-adds that stay, 0..1
  kParameters,  // share of the parameters that stay, 0..1
  kRatio,       // share of the channels that leave, 0..1, of those that can
  kLatency,     // milliseconds, by PruneOptions::latency and what its layers save
};

struct PruneOptions {
  PruneBudget budget = PruneBudget::kMacs;
  double value = 0.5;  // above 0, but of kRatio
  Importance importance = Importance::kL1;
  uint64_t seed = 0;  // of Importance::kRandom
  int64_t multiple = 8;
  double most = 0.8;
  const Graph* original = nullptr;  // whose layers `most` is a share of; null: the graph's own
  std::vector<std::string> protect = {};  // layers (layer_name()) whose channels stay
  FilterScores measured = {};             // for importances that are
  // Milliseconds of one run of a graph; required for kLatency, as is the next.
  std::function<Result<double>(const Graph& graph)> latency = {};
  std::function<Result<void>(TimeModel& model)> measure_layers = {};  // TimeModel::measure
};

// A convolution or product with weights.
struct PrunedLayer {
  std::string name;
  int64_t before = 0, after = 0;  // channels that it makes
};

struct PruneOutcome {
  Graph graph;
  NetworkCost before, after;
  std::vector<PrunedLayer> layers;  // in the order of the nodes
  int64_t channels = 0;             // that could leave
  int64_t removed = 0;
  std::vector<Whole> whole;  // of the graph before
  // Of kLatency: what the table of layers says that they take, before and after; else 0.
  double table_ms_before = 0, table_ms_after = 0;
};

// Requires a graph that verify() accepts. Errors (kUsage): a value outside its range, a layer of
// `protect` that is not there, a budget below the least possible, which is said; those of
// importance(), remove_channels() and `latency`.
Result<PruneOutcome> prune(const Graph& graph, const PruneOptions& options);

// Whether `value` fits its budget. Errors: kUsage.
Result<void> check_value(const PruneOptions& options);

// "--ratio 0.9: at most 0.769 of the channels can leave". Of a share alone; `least` of what it is a
// share of stays, whatever is tried. can_go: of the parts of kRatio.
Error below_the_least(const PruneOptions& options, double least,
                      const std::string& can_go = "channels can leave");

// What lies between a graph and the same with fewer channels, whatever was done to it since;
// without layers where the two have not as many.
PruneOutcome compared(const Graph& before, Graph after);

// Channels that can leave.
int64_t removable_channels(const Graph& graph);

}  // namespace shrike
