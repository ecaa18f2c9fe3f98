#include "quantize/network.h"

#include <algorithm>

#include "ir/finite_weights.h"
#include "passes/lift_head.h"
#include "passes/passes.h"
#include "passes/pipeline.h"

namespace shrike {

bool holds_integers(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return std::holds_alternative<QuantizeLinear>(node.op) ||
           std::holds_alternative<DequantizeLinear>(node.op);
  });
}

Result<Graph> network_to_quantize(Graph graph) {
  if (holds_integers(graph))
    return model_error("is quantised already: give the float model");
  SHRIKE_TRY(widen_f16(graph));
  SHRIKE_TRY(run_passes(graph, cleanup_passes()));
  const Result<LiftedHead> lifted = lift_head(graph);
  if (!lifted)
    return in_context("its head was not recognised, and so what must stay as it is", lifted.error());
  if (lifted->own_nms)
    return model_error(
        "the file's own NMS is in its graph (export the model without it, nms=False)");
  PassOptions options;
  // What becomes integers are the file's own convolutions.
  options.skip = {"expand_head", "split_upsampled_concat", "fold_focus_into_conv"};
  SHRIKE_TRY(run_passes(graph, inference_passes(), options));
  SHRIKE_TRY(check_finite_weights(graph));
  return graph;
}

Result<Graph> network_to_save(Graph network) {
  SHRIKE_TRY(run_passes(network, saving_passes()));
  SHRIKE_TRY(run_passes(network, cleanup_passes()));
  return network;
}

}  // namespace shrike
