#include "passes/own_nms.h"

#include <algorithm>

#include "reference/evaluate.h"

namespace shrike {

namespace {

constexpr float kSure = 0.9f, kLessSure = 0.8f;  // over the threshold of any export

// Two equal boxes, each the only one of its class, and nothing else.
Tensor two_classes_at_one_place(const Shape& shape, BoxFormat format) {
  Tensor decoded(DType::kF32, shape);
  const std::span<float> values = decoded.mutable_data<float>();
  const auto anchors = static_cast<size_t>(shape[2]);
  const float cxcywh[] = {16, 16, 16, 16}, xyxy[] = {8, 8, 24, 24};
  for (size_t anchor = 0; anchor < 2; ++anchor) {
    for (size_t side = 0; side < 4; ++side)
      values[side * anchors + anchor] = (format == BoxFormat::kXyxy ? xyxy : cxcywh)[side];
    values[(4 + anchor) * anchors + anchor] = anchor == 0 ? kSure : kLessSure;
  }
  return decoded;
}

// The graph behind `decoded`, up to the first output.
Graph behind(const Graph& graph, ValueId decoded) {
  Graph tail = graph;
  std::erase_if(tail.nodes, [&](const Node& node) {
    return std::find(node.outputs.begin(), node.outputs.end(), decoded) != node.outputs.end();
  });
  tail.inputs = {decoded};
  tail.outputs.resize(1);
  remove_dead(tail);
  return tail;
}

// Rows of which one column holds a score of the two that were put in.
int surviving(const Tensor& output) {
  int count = 0;
  for (float x : output.data<float>()) count += x == kSure || x == kLessSure;
  return count;
}

}  // namespace

OwnNms read_own_nms(const Graph& graph, ValueId decoded, const Head& head, const Node& nms) {
  OwnNms found;
  if (nms.inputs.size() > 3 && nms.inputs[3] != kNoValue)
    if (const Tensor* iou = graph.constant(nms.inputs[3]);
        iou && iou->dtype() == DType::kF32 && iou->size() == 1)
      found.iou = iou->data<float>()[0];
  const Shape& shape = *graph.static_shape(decoded);
  const bool known = head.kind == HeadKind::kAnchorFree && head.max_det == 0;
  if (!known || shape[0] != 1 || head.num_classes < 2 || shape[2] < 2) return found;
  const Tensor input = two_classes_at_one_place(shape, head.box_format);
  const auto outputs = evaluate_graph(behind(graph, decoded), {&input, 1});
  if (outputs && (*outputs)[0].dtype() == DType::kF32)
    found.agnostic = surviving((*outputs)[0]) == 1;
  return found;
}

}  // namespace shrike
