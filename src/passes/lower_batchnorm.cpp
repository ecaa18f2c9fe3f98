#include "ir/infer.h"
#include "passes/channel_affine.h"
#include "passes/passes.h"

namespace shrike {

namespace {

// (C, 1, 1) broadcasts over (N, C, H, W).
ValueId per_channel(Graph& graph, const std::string& name, const Value& x,
                    const std::vector<double>& values) {
  std::vector<int64_t> dims(static_cast<size_t>(x.shape->rank() - 1), 1);
  dims[0] = static_cast<int64_t>(values.size());
  const std::vector<float> single(values.begin(), values.end());
  return graph.add_constant(name, float_tensor(x.dtype, Shape(std::move(dims)), single));
}

bool lowerable(const Value& x, const ChannelAffine& map) {
  return (x.dtype == DType::kF32 || x.dtype == DType::kF16) && x.shape && x.shape->rank() >= 2 &&
         (*x.shape)[1] == map.channels();
}

}  // namespace

Result<void> lower_batchnorm(Graph& graph) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const std::optional<ChannelAffine> map = channel_affine(graph, node);
    if (!map || !lowerable(graph.value(node.inputs[0]), *map)) {
      nodes.push_back(std::move(node));
      continue;
    }
    const Value x = graph.value(node.inputs[0]);  // a copy: constants that are added move it
    const std::string stem = graph.value(node.outputs[0]).name;
    const ValueId scales = per_channel(graph, stem + ".scale", x, map->scale);
    const ValueId shifts = per_channel(graph, stem + ".shift", x, map->shift);
    const ValueId scaled = graph.add_value(stem + ".scaled", x.dtype, x.shape);
    nodes.push_back({node.name, Binary{BinaryKind::kMul, 0}, {node.inputs[0], scales}, {scaled}});
    nodes.push_back({node.name, Binary{BinaryKind::kAdd, 0}, {scaled, shifts}, node.outputs});
  }
  graph.nodes = std::move(nodes);
  remove_dead(graph);
  return infer_shapes(graph);
}

}  // namespace shrike
