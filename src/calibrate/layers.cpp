#include "calibrate/layers.h"

#include <map>

#include "calibrate/observer.h"

namespace shrike {

std::vector<Layer> layers_of(Calibration& c) {
  std::map<ValueId, const IntegerForm*> forms;
  for (const TensorGroup& group : c.plan.groups)
    for (const ValueId id : group.tensors) forms[id] = &group.form;
  std::vector<Layer> layers;
  for (const Node& node : c.network.nodes) {
    const auto found = c.plan.convs.find(node.outputs[0]);
    if (found == c.plan.convs.end()) continue;
    const auto shape = [&](ValueId id) -> const Shape& { return *c.network.static_shape(id); };
    layers.push_back({&node, &found->second, forms.at(node.inputs[0]),
                      Patches(std::get<Conv>(node.op), shape(node.inputs[0]), shape(node.inputs[1]),
                              shape(node.outputs[0]))});
  }
  return layers;
}

int64_t products_of(const Graph& network, const Node& conv) {
  const Shape &w = *network.static_shape(conv.inputs[1]),
              &y = *network.static_shape(conv.outputs[0]);
  return w[1] * w[2] * w[3] * y[1] * y[2] * y[3];
}

Result<void> show_layers(const Calibration& c, std::span<const Layer> layers,
                         const CalibrationOptions& options, const TakeRows& take) {
  Graph network = c.network;
  std::map<ValueId, size_t> places;  // of the layers' inputs among the outputs
  network.outputs.clear();
  for (const Layer& layer : layers)
    if (places.emplace(layer.node->inputs[0], network.outputs.size()).second)
      network.outputs.push_back(layer.node->inputs[0]);
  remove_dead(network);
  SHRIKE_ASSIGN(Observer observer,
                Observer::create(std::move(network), options.preprocess, options.threads));
  std::vector<float> rows;
  const auto look = [&](size_t picture, std::span<const Tensor> outputs) -> Result<void> {
    for (size_t l = 0; l < layers.size(); ++l) {
      const Tensor& x = outputs[places.at(layers[l].node->inputs[0])];
      for (int64_t g = 0; g < layers[l].patches.groups(); ++g) {
        layers[l].patches.read(x.data<float>(), g, kPositions, static_cast<int64_t>(picture), rows);
        take(l, g, rows);
      }
    }
    return {};
  };
  return show(observer, options.pictures, options.proceed, look);
}

}  // namespace shrike
