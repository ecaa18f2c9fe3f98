#include "passes/own_nms.h"

#include <algorithm>

#include "reference/work.h"

namespace shrike {

namespace {

constexpr float kSure = 0.9f, kLessSure = 0.8f;  // over the threshold of any export

// Two boxes of one size, `apart` pixels from each other, each the only one of its class, and
// nothing else.
Tensor two_classes(const Shape& shape, BoxFormat format, float apart) {
  Tensor decoded(DType::kF32, shape);
  const std::span<float> values = decoded.mutable_data<float>();
  const auto anchors = static_cast<size_t>(shape[2]);
  const float cxcywh[] = {16, 16, 16, 16}, xyxy[] = {8, 8, 24, 24};
  for (size_t anchor = 0; anchor < 2; ++anchor) {
    for (size_t side = 0; side < 4; ++side)
      values[side * anchors + anchor] = (format == BoxFormat::kXyxy ? xyxy : cxcywh)[side];
    if (anchor == 1) {
      values[anchor] += apart;
      if (format == BoxFormat::kXyxy) values[2 * anchors + anchor] += apart;
    }
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

// Whether nothing of the tail reads what is not there, as the picture.
bool stands_alone(const Graph& tail) {
  const Uses uses(tail);
  const auto is_there = [&](ValueId id) {
    return id == kNoValue || id == tail.inputs[0] || tail.value(id).constant ||
           uses.producer(id) >= 0;
  };
  const auto reads_what_is_there = [&](const Node& node) {
    return std::all_of(node.inputs.begin(), node.inputs.end(), is_there);
  };
  return is_there(tail.outputs[0]) &&
         std::all_of(tail.nodes.begin(), tail.nodes.end(), reads_what_is_there);
}

// Rows of which one column holds a score of the two that were put in.
int surviving(const Tensor& output) {
  int count = 0;
  for (float x : output.data<float>()) count += x == kSure || x == kLessSure;
  return count;
}

// Of two boxes of two classes `apart` pixels from each other, how many `tail` keeps.
std::optional<int> kept(const Graph& tail, const Shape& shape, BoxFormat format, float apart,
                        double& work_left) {
  const auto outputs =
      evaluate_graph_within(work_left, tail, {two_classes(shape, format, apart)});
  if (!outputs || (*outputs)[0].dtype() != DType::kF32) return std::nullopt;
  return surviving((*outputs)[0]);
}

}  // namespace

OwnNms read_own_nms(const Graph& graph, ValueId decoded, const Head& head, const Node& nms,
                    double& work_left) {
  OwnNms found;
  if (nms.inputs.size() <= 3 || nms.inputs[3] == kNoValue)
    found.iou = 0.0f;  // ONNX's default
  else if (const Tensor* iou = graph.constant(nms.inputs[3]);
           iou && iou->dtype() == DType::kF32 && iou->size() == 1)
    found.iou = iou->data<float>()[0];
  const Shape& shape = *graph.static_shape(decoded);
  const bool known = head.kind == HeadKind::kAnchorFree && head.max_det == 0;
  if (!known || shape[0] != 1 || head.num_classes < 2 || shape[2] < 2) return found;
  const Graph tail = behind(graph, decoded);
  if (!stands_alone(tail)) return found;
  // Far apart as well: a file that keeps one box of any two says nothing about classes.
  found.agnostic = kept(tail, shape, head.box_format, 0, work_left) == 1 &&
                   kept(tail, shape, head.box_format, 64, work_left) == 2;
  return found;
}

}  // namespace shrike
