// Layers: convolutions and products whose weights are constants.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// The axis of the channels in what a layer reads and makes: 1, or -1 of products. Nothing for other
// nodes.
std::optional<int> channel_axis(const Graph& graph, const Node& node);

// Of a node: its name, or that of what it makes where it has none.
std::string layer_name(const Graph& graph, const Node& node);

// The nodes that `may` says yes to and that have one of the names (layer_name()). An error (kUsage)
// names the one that none has.
Result<std::vector<const Node*>> layers_to_protect(const Graph& graph,
                                                   const std::vector<std::string>& names,
                                                   const std::function<bool(const Node&)>& may);

}  // namespace shrike
