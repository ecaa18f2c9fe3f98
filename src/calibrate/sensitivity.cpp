#include "calibrate/sensitivity.h"

#include "calibrate/output_error.h"

namespace shrike {

namespace {

constexpr size_t kPictures = 4;

}  // namespace

Result<std::map<ValueId, LayerSensitivity>> sensitivity_of(const Calibration& c,
                                                           const CalibrationOptions& options,
                                                           const PointsLost& points_lost) {
  SHRIKE_ASSIGN(const OutputError outputs, OutputError::create(c.network, options, kPictures));
  const auto group_of = groups_by_value(c.network, c.plan);
  std::map<ValueId, LayerSensitivity> layers;
  for (const Node& node : c.network.nodes) {
    const auto found = c.plan.convs.find(node.outputs[0]);
    if (found == c.plan.convs.end()) continue;
    IntegerPlan alone;
    alone.groups = {c.plan.groups[*group_of[static_cast<size_t>(node.inputs[0])]]};
    alone.convs = {*found};
    LayerSensitivity& layer = layers[node.outputs[0]];
    SHRIKE_ASSIGN(layer.error, outputs.of(alone));
    if (!points_lost) continue;
    Graph graph = c.network;
    SHRIKE_TRY(place_integers(graph, alone));
    SHRIKE_ASSIGN(layer.points, points_lost(graph));
  }
  return layers;
}

}  // namespace shrike
