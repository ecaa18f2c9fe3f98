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
      c.plan.convs.emplace(node.outputs[0], nearest_conv(c.network, node));
  c.histograms.resize(c.plan.groups.size());

  const Watched looked_at = watched(c);
  Graph network = c.network;
  network.outputs = looked_at.values;
  remove_dead(network);
  SHRIKE_ASSIGN(Observer observer,
                Observer::create(std::move(network), options.preprocess, options.threads));
  const auto look = [&](size_t, std::span<const Tensor> outputs) -> Result<void> {
    for (size_t i = 0; i < outputs.size(); ++i)
      c.histograms[looked_at.groups[i]].add(outputs[i].data<float>());
    for (size_t g = 0; g < c.plan.groups.size(); ++g)
      for (const ValueId id : c.plan.groups[g].constants)
        c.histograms[g].add(c.network.constant(id)->data<float>());
    return {};
  };
  SHRIKE_TRY(show(observer, options.pictures, options.proceed, look));

  for (size_t g = 0; g < c.plan.groups.size(); ++g) {
    const bool picture = is_picture(c.network, c.plan.groups[g]);
    const float most = 255 / options.preprocess.divisor;
    const ValueRange range =
        picture ? ValueRange{0, most} : choose_range(c.histograms[g], RangeMethod::kMinMax);
    c.ranges.push_back({RangeMethod::kMinMax, 1, range});
    c.plan.forms.push_back(picture ? ByteForm{1 / options.preprocess.divisor, 0}
                                   : byte_form(range));
  }
  return {};
}

}  // namespace shrike
