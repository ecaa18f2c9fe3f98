// Recognising a detection head, by hypothesis and proof.
//
// The decode subgraph between the last convolutions and an output is written differently by every
// exporter and version. So its form is not matched. The shapes of the raw maps and of the output
// leave only a few things the head can be (ops/head.h lists the kinds); anchors and strides are
// read off by running the file's own decode on chosen raw values; and a hypothesis is accepted only
// if its formula gives, on random raw maps, what the file's own decode gives. What is not proven is
// not lifted.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Replaces the decode behind output `output` by one Head node, when it is recognised. Requires
// static shapes, f32, constants folded (cleanup_passes). An error (kModel) says why it was not
// recognised, and leaves the graph as it was.
Result<void> lift_head(Graph& graph, size_t output = 0);

// For detection: where a graph ends in NonMaxSuppression, finds the decoded boxes and scores before
// it, makes them the only output, and lifts that head. Error and untouched graph as above.
Result<void> lift_head_before_nms(Graph& graph);

// The lifted head's node; null when there is none.
const Node* find_head(const Graph& graph);

}  // namespace shrike
