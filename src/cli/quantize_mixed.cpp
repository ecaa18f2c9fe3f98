#include "cli/quantize_mixed.h"

#include "calibrate/choose.h"
#include "calibrate/conversions.h"
#include "cli/terminal.h"
#include "quantize/network.h"

namespace shrike {

namespace {

PointsLost points_lost_by(ChangeJudge& judge) {
  return [&judge](const Graph& integers) -> Result<double> {
    SHRIKE_ASSIGN(const Graph saved, network_to_save(integers));
    return judge.lost(saved);
  };
}

Result<MixedTimes> measured_ms(const Calibration& bytes, const CalibrationOptions& options) {
  const IntegerPlan plans[] = {
      bytes.plan, in_words(bytes), {}, every_other(bytes.network, bytes.plan)};
  SHRIKE_ASSIGN(const std::vector<NetworkTimes> times,
                measure_times(bytes.network, plans, options.proceed));
  MixedTimes all;
  for (size_t type = 0; type < kLayerTypes; ++type)
    for (const auto& [conv, time] : times[type].convs) all.layers[conv][type] = time;
  const auto of = [&](LayerType type) -> const NetworkTimes& {
    return times[static_cast<size_t>(type)];
  };
  all.conversion = conversion_ms(bytes.network, bytes.plan, of(LayerType::kFloat),
                                 of(LayerType::kInt8), times[kLayerTypes]);
  return all;
}

// Never slower than floats, as a whole.
Result<void> keep_what_pays(const Calibration& bytes, const TimePlans& time,
                            MixedNetwork& network) {
  const size_t before = network.plan.convs.size();
  SHRIKE_ASSIGN(TimedPlan timed, no_slower(bytes.network, std::move(network.plan), time));
  network.plan = std::move(timed.plan);
  network.timed = TimedWhole{timed.ms_floats, timed.ms, {}};
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
  TimePlans time;  // with a table of another machine nobody can time wholes
  if (!request.times)
    time = [&](std::span<const IntegerPlan> plans) {
      return measure_times(bytes.network, plans, options.proceed);
    };
  SHRIKE_ASSIGN(const MixedTimes times, request.times ? times_of(bytes.network, *request.times)
                                                      : measured_ms(bytes, options));
  mixed.ms = times.layers, mixed.conversion = times.conversion;
  if (time) SHRIKE_TRY(prefer_floats_that_pay(bytes, mixed, time));
  SHRIKE_ASSIGN(MixedChoice choice, choose_by_whole(bytes, layers, mixed, time));

  MixedNetwork network{std::move(choice.plan), {}, {}, std::move(choice.looks)};
  if (time) SHRIKE_TRY(keep_what_pays(bytes, time, network));
  network.timed.conversion = times.conversion;
  network.layers = layers_of_report(bytes.network, network.plan);
  for (QuantizedLayer& layer : network.layers) {
    for (size_t type = 0; type < kLayerTypes; ++type)
      if (const auto of = times.layers.find(layer.conv); of != times.layers.end())
        layer.ms[kLayerTypeNames[type]] = of->second[type];
    if (const auto found = layers.find(layer.conv); found != layers.end())
      layer.error = found->second.error, layer.points = found->second.points;
  }
  return network;
}

}  // namespace shrike
