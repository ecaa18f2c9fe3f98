// From a model's graph to the network a detector runs: size settled, head lifted or layout chosen.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "detect/detector.h"
#include "ir/graph.h"
#include "passes/own_nms.h"

namespace shrike {

// Either `head` is set, and the graph's outputs are its raw maps in the order of ir/ops/head.h; or
// output 0 holds decoded rows in `layout`.
struct Network {
  Graph graph;  // prepared for a Session
  std::optional<Head> head;
  OutputLayout layout = OutputLayout::kAuto;
  int64_t classes = 0;
  int64_t macs = 0;  // multiply-adds of one run, a lifted head's decode apart (ir/network_cost.h)
  std::optional<OwnNms> own_nms;  // that of the file, cut off for ours
  int height = 0, width = 0;
  std::string why_not_lifted;  // empty when lifted
};

// Errors (kModel, or kUsage for a size that cannot be) without the file's name.
Result<Network> make_network(Graph graph, const LoadOptions& options);

}  // namespace shrike
