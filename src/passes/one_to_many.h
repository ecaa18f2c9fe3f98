// End-to-end detectors (YOLOv10, YOLO26) are trained with two heads on the same features: one that
// is told to find each object once, and one that is told to find it many times and teaches the
// backbone (Wang et al. 2024, arXiv 2405.14458). A file that was exported to detect lacks the
// second.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace shrike {

// Adds a copy of the lifted end-to-end head as a one-to-many head: of the nodes and weights that
// lead to its maps alone, named "NAME.one_to_many", and a Head node without max_det, whose output
// becomes the graph's last. What the own head reads of the features goes through Identity nodes
// from then on; their outputs are returned: gradients end there. Nothing, and nothing done, where
// the head is not end-to-end. An error (kModel) where a map has no layer of its own.
Result<std::vector<ValueId>> add_one_to_many(Graph& graph);

// Takes that copy and the Identity nodes away again; ids change.
void remove_one_to_many(Graph& graph);

// The Head node that was added; null where there is none.
const Node* find_one_to_many(const Graph& graph);

}  // namespace shrike
