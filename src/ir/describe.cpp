#include "ir/describe.h"

#include <algorithm>

#include "base/excerpt.h"

namespace shrike {

std::string describe(const Graph& graph, const Node& node) {
  const auto made = std::find_if(node.outputs.begin(), node.outputs.end(),
                                 [](ValueId id) { return id != kNoValue; });
  if (!node.name.empty() || made == node.outputs.end()) return describe(node);
  return std::string(op_name(node.op)) + " node of value " + in_quotes(graph.value(*made).name);
}

std::string describe(const Node& node) {
  return std::string(op_name(node.op)) + " node " +
         (node.name.empty() ? "without a name" : in_quotes(node.name));
}

}  // namespace shrike
