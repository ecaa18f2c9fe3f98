// How messages name a node.
#pragma once

#include <string>

#include "ir/graph.h"

namespace shrike {

// "Conv node '/model.0/Conv'"; of a node without a name "Conv node of value 'y'", the first that it
// makes, or without the graph "Conv node without a name".
std::string describe(const Graph& graph, const Node& node);
std::string describe(const Node& node);

}  // namespace shrike
