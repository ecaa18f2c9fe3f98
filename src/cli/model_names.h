// The class names that a written model carries.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// The `names` that other programs look for. A model whose classes nobody names gets those that
// `detect` shows; one whose head is not a Head node has no number of classes to check `given`
// against.
Result<void> add_names(Graph& graph, const std::vector<std::string>& given);

}  // namespace shrike
