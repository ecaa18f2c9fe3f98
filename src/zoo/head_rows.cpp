#include "zoo/head_rows.h"

#include <vector>

namespace shrike::zoo {

HeadRow head_row(const Head& head, size_t map, int64_t channel) {
  switch (head.kind) {
    case HeadKind::kAnchorFree:
      return map == 0 ? HeadRow::kBox : HeadRow::kClass;
    case HeadKind::kYolox:
      return map == 0 ? HeadRow::kBox : map == 1 ? HeadRow::kObjectness : HeadRow::kClass;
    case HeadKind::kAnchor:
    case HeadKind::kDarknet:
      break;
  }
  const int64_t row = channel % (5 + head.num_classes);
  return row < 4 ? HeadRow::kBox : row == 4 ? HeadRow::kObjectness : HeadRow::kClass;
}

void for_each_predictor(const Graph& graph, const std::function<void(const Predictor&)>& call) {
  const Uses uses(graph);
  std::vector<Predictor> found;
  for (const Node& node : graph.nodes) {
    const auto* head = std::get_if<Head>(&node.op);
    for (size_t i = 0; head && i < node.inputs.size(); ++i) {
      const int producer = uses.producer(node.inputs[i]);
      if (producer < 0) continue;
      const Node& conv = graph.nodes[static_cast<size_t>(producer)];
      const Tensor* weights =
          std::holds_alternative<Conv>(conv.op) ? graph.constant(conv.inputs[1]) : nullptr;
      if (!weights || weights->dtype() != DType::kF32) continue;
      const ValueId bias = conv.inputs.size() > 2 ? conv.inputs[2] : kNoValue;
      found.push_back({*head, i / head->maps_per_scale(), i % head->maps_per_scale(),
                       static_cast<size_t>(producer), conv.inputs[1], bias});
    }
  }
  for (const Predictor& predictor : found) call(predictor);
}

}  // namespace shrike::zoo
