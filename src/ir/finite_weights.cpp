#include "ir/finite_weights.h"

#include "base/excerpt.h"
#include "base/finite.h"
#include "ir/describe.h"
#include "ir/network_cost.h"

namespace shrike {

Result<void> check_finite_weights(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (!has_weights(node.op)) continue;
    for (const ValueId id : node.inputs) {
      const Tensor* tensor = graph.constant(id);
      if (tensor && !all_finite(*tensor))
        return model_error(describe(graph, node) + ": its weights " +
                           in_quotes(graph.value(id).name) +
                           " are not all finite numbers (infinite, or NaN)");
    }
  }
  return {};
}

}  // namespace shrike
