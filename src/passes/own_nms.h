// What a graph's own NonMaxSuppression does, so that ours in its place gives the same boxes.
#pragma once

#include <optional>

#include "ir/graph.h"

namespace shrike {

struct OwnNms {
  std::optional<float> iou;  // overlap from which the weaker box goes, where it is a constant
  bool agnostic = false;     // boxes of different classes compete, too
};

// `decoded`: the value before `nms` with boxes and scores as `head`, anchor-free, gives them:
// (N, 4+nc, A), static, f32. Whether classes compete stands in no attribute (exporters move each
// class's boxes to a place of its own, or do not), so it is seen from what the graph behind
// `decoded` makes of two equal boxes of two classes; false where that cannot be run,
// or would take more than is left of the work (reference/work.h).
OwnNms read_own_nms(const Graph& graph, ValueId decoded, const Head& head, const Node& nms,
                    double& work_left);

}  // namespace shrike
