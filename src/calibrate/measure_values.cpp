#include <algorithm>

#include "calibrate/observer.h"
#include "calibrate/passes.h"

namespace shrike {

namespace {

// A picture's bytes are integers already: of value / divisor, 1 / divisor a step.
bool is_picture(const Graph& network, const TensorGroup& group) {
  return group.producers == std::vector{network.inputs[0]};
}

// The networks' tensors to look at: what computes the groups' values. groups[i] is that of the
// i-th.
struct Watched {
  std::vector<ValueId> values;
  std::vector<size_t> groups;
};

Watched watched(const Calibration& c) {
  Watched result;
  for (size_t g = 0; g < c.plan.groups.size(); ++g) {
    if (is_picture(c.network, c.plan.groups[g])) continue;
    for (const ValueId id : c.plan.groups[g].producers) {
      result.values.push_back(id);
      result.groups.push_back(g);
    }
  }
  return result;
}

}  // namespace

Result<void> measure_values(Calibration& c, const CalibrationOptions& options) {
  c.plan.groups = quantized_groups(c.network);
  for (const Node& node : c.network.nodes)
    if (is_quantizable(c.network, node))
      c.plan.convs.emplace(node.outputs[0], nearest_conv(c.network, node, options.weights,
                                                         options.weight_bits));

  const Watched looked_at = watched(c);
  Graph network = c.network;
  network.outputs = looked_at.values;
  remove_dead(network);
  SHRIKE_ASSIGN(Observer observer,
                Observer::create(std::move(network), options.preprocess, options.threads));
  const auto look = [&](size_t, std::span<const Tensor> outputs) -> Result<void> {
    for (size_t i = 0; i < outputs.size(); ++i)
      c.plan.groups[looked_at.groups[i]].histogram.add(outputs[i].data<float>());
    for (TensorGroup& group : c.plan.groups)
      for (const ValueId id : group.constants)
        group.histogram.add(c.network.constant(id)->data<float>());
    return {};
  };
  SHRIKE_TRY(show(observer, options.pictures, options.proceed, look));

  for (TensorGroup& group : c.plan.groups) {
    const bool picture = is_picture(c.network, group);
    const float divisor = options.preprocess.divisor;
    group.range.range = picture ? ValueRange{0, 255 / divisor}
                                : choose_range(group.histogram, RangeMethod::kMinMax);
    group.form = picture ? IntegerForm{DType::kU8, 1 / divisor, 0}
                         : form_of(group.range.range, options.activations);
  }
  return {};
}

}  // namespace shrike
