// The part of a graph between its last convolutions (the raw maps) and one value. A map that is
// quantised is raw behind its DequantizeLinear. Private to passes.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace shrike {

struct HeadTail {
  std::vector<ValueId> maps;  // raw maps (N, C, H, W), in the order of the nodes that make them
  Graph graph;                // inputs: the maps; output: the value
};

// Errors say why there is no such part: it reads the picture, or has maps of unknown shape.
Result<HeadTail> extract_tail(const Graph& graph, ValueId value);

}  // namespace shrike
