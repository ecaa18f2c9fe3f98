// Recognising a detection head, by hypothesis and proof.
//
// The decode subgraph between the last convolutions and an output is written differently by every
// exporter and version. So its form is not matched. The shapes of the raw maps and of the output
// leave only a few things the head can be (ops/head.h lists the kinds); anchors and strides are
// read off by running the file's own decode on chosen raw values; and a hypothesis is accepted only
// if its formula gives, on random raw maps, what the file's own decode gives. What is not proven is
// not lifted.
#pragma once

#include <optional>

#include "ir/graph.h"
#include "passes/own_nms.h"

namespace shrike {

struct LiftedHead {
  // The file's own NMS, which stood behind the head and was cut off: the graph gives the decoded
  // boxes and scores only. Nothing where the graph gives what it gave before.
  std::optional<OwnNms> own_nms;
};

// Replaces a decode by one Head node, when it is recognised: that behind the first output where it
// is, else that before the graph's own NonMaxSuppression. A graph that has a Head node is left
// alone. Requires static shapes, f32 (widen_f16), constants folded (cleanup_passes). An
// error (kModel) says why nothing was recognised, and leaves the graph as it was.
Result<LiftedHead> lift_head(Graph& graph);

// The lifted head's node; null when there is none.
const Node* find_head(const Graph& graph);

}  // namespace shrike
