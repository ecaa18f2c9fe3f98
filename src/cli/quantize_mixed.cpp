#include "cli/quantize_mixed.h"

#include <algorithm>

#include "base/excerpt.h"
#include "base/file.h"
#include "calibrate/no_slower.h"
#include "cli/terminal.h"
#include "formats/json_items.h"
#include "quantize/network.h"
#include "report/number.h"

namespace shrike {

namespace {

using LayerMs = std::map<ValueId, std::array<double, kLayerTypes>>;

PointsLost points_lost_by(ChangeJudge& judge) {
  return [&judge](const Graph& integers) -> Result<double> {
    SHRIKE_ASSIGN(const Graph saved, network_to_save(integers));
    return judge.lost(saved);
  };
}

Result<LayerMs> measured_ms(const Calibration& bytes, const CalibrationOptions& options) {
  const IntegerPlan plans[kLayerTypes] = {bytes.plan, in_words(bytes), {}};
  SHRIKE_ASSIGN(const std::vector<NetworkTimes> times,
                measure_times(bytes.network, plans, options.proceed));
  LayerMs ms;
  for (size_t type = 0; type < kLayerTypes; ++type)
    for (const auto& [conv, time] : times[type].convs) ms[conv][type] = time;
  return ms;
}

// By layer name, of a report's "layers": [{"name", "ms": {"int8", "int16", "float"}}].
Result<LayerMs> table_ms(const Calibration& bytes, const std::filesystem::path& path) {
  SHRIKE_ASSIGN(const std::string text, read_text(path, ErrorKind::kInput));
  std::map<std::string, std::array<double, kLayerTypes>> rows;
  const auto take = [&](const std::string&, const Json& layer) -> Result<void> {
    if (!layer.contains("name") || !layer["name"].is_string() || !layer.contains("ms") ||
        !layer["ms"].is_object())
      return {};
    auto& row = rows[layer["name"].get<std::string>()];
    for (size_t type = 0; type < kLayerTypes; ++type) {
      const auto found = layer["ms"].find(kLayerTypeNames[type]);
      if (found == layer["ms"].end() || !found->is_number())
        return input_error(shown_path(path) + ": a layer's ms lacks " + kLayerTypeNames[type]);
      row[type] = found->get<double>();
    }
    return {};
  };
  SHRIKE_TRY(read_json_items(text, path.string(), {{"layers"}, {"name", "ms"}, take}));
  LayerMs ms;
  for (const QuantizedLayer& layer : layers_of_report(bytes.network, bytes.plan)) {
    const auto row = rows.find(layer.name);
    if (row == rows.end())
      return input_error(shown_path(path) + ": has no times of the layer " + in_quotes(layer.name));
    ms[layer.conv] = row->second;
  }
  return ms;
}

// Floats for single layers are worth it where the whole network is faster for them: what lies
// between types is converted.
Result<void> prefer_floats_that_pay(const Calibration& bytes, const CalibrationOptions& options,
                                    MixedOptions& mixed) {
  const IntegerPlan plans[] = {bytes.plan, fastest_plan(bytes, mixed)};
  if (plans[1].convs.size() == plans[0].convs.size()) return {};
  SHRIKE_ASSIGN(const std::vector<NetworkTimes> times,
                measure_times(bytes.network, plans, options.proceed));
  if (times[1].all < times[0].all) return {};
  constexpr auto kBytes = static_cast<size_t>(LayerType::kInt8),
                 kFloats = static_cast<size_t>(LayerType::kFloat);
  for (auto& [conv, ms] : mixed.ms) ms[kBytes] = std::min(ms[kBytes], ms[kFloats]);
  return {};
}

bool has_words(const IntegerPlan& plan) {
  return std::any_of(plan.convs.begin(), plan.convs.end(),
                     [](const auto& conv) { return conv.second.weights.q.dtype() == DType::kI16; });
}

// With 16 bits where these help; with floats instead, where that is faster as a whole.
Result<MixedChoice> choose(const Calibration& bytes, const CalibrationOptions& options,
                           const std::map<ValueId, LayerSensitivity>& layers, MixedOptions mixed,
                           bool measured) {
  SHRIKE_ASSIGN(MixedChoice choice, choose_types(bytes, layers, mixed));
  if (!measured || !has_words(choice.plan)) return choice;
  mixed.floats_alone = true;
  SHRIKE_ASSIGN(MixedChoice floats, choose_types(bytes, layers, mixed));
  if (!floats.reached) return choice;
  if (!choice.reached) return floats;
  const IntegerPlan plans[] = {choice.plan, floats.plan};
  SHRIKE_ASSIGN(const std::vector<NetworkTimes> times,
                measure_times(bytes.network, plans, options.proceed));
  return times[1].all < times[0].all ? floats : choice;
}

// Never slower than floats, as a whole.
Result<void> keep_what_pays(const Calibration& bytes, const CalibrationOptions& options,
                            MixedNetwork& network) {
  const size_t before = network.plan.convs.size();
  const auto time = [&](std::span<const IntegerPlan> plans) {
    return measure_times(bytes.network, plans, options.proceed);
  };
  SHRIKE_ASSIGN(TimedPlan timed, no_slower(bytes.network, std::move(network.plan), time));
  network.plan = std::move(timed.plan);
  network.timed = TimedWhole{timed.ms_floats, timed.ms};
  if (const size_t left = network.plan.convs.size(); left < before)
    say(std::to_string(before - left) +
        " layers are floats again, as the network as a whole was slower than in floats");
  return {};
}

}  // namespace

Result<MixedNetwork> mix_types(const Calibration& bytes, const CalibrationOptions& options,
                               ChangeJudge& calibrating, ChangeJudge& judging,
                               const MixedRequest& request) {
  SHRIKE_ASSIGN(const auto layers, sensitivity_of(bytes, options, points_lost_by(calibrating)));
  MixedOptions mixed;
  mixed.max_drop = request.max_drop;
  mixed.points_lost = points_lost_by(judging);
  const bool measured = request.times.empty();
  SHRIKE_ASSIGN(mixed.ms, measured ? measured_ms(bytes, options) : table_ms(bytes, request.times));
  const LayerMs ms = mixed.ms;
  if (measured) SHRIKE_TRY(prefer_floats_that_pay(bytes, options, mixed));
  SHRIKE_ASSIGN(MixedChoice choice, choose(bytes, options, layers, mixed, measured));

  MixedNetwork network{std::move(choice.plan), {}, {}};
  if (measured) SHRIKE_TRY(keep_what_pays(bytes, options, network));
  network.layers = layers_of_report(bytes.network, network.plan);
  for (QuantizedLayer& layer : network.layers) {
    for (size_t type = 0; type < kLayerTypes; ++type)
      if (const auto of = ms.find(layer.conv); of != ms.end())
        layer.ms[kLayerTypeNames[type]] = of->second[type];
    if (const auto found = layers.find(layer.conv); found != layers.end())
      layer.error = found->second.error, layer.points = found->second.points;
  }
  return network;
}

}  // namespace shrike
