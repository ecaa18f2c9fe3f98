#include "cli/quantize_mixed.h"

#include <algorithm>

#include "base/excerpt.h"
#include "base/file.h"
#include "calibrate/conversions.h"
#include "calibrate/no_slower.h"
#include "cli/terminal.h"
#include "formats/json.h"
#include "formats/json_items.h"
#include "quantize/network.h"
#include "report/number.h"

namespace shrike {

namespace {

using LayerMs = std::map<ValueId, std::array<double, kLayerTypes>>;

struct MixedTimes {
  LayerMs layers;
  ConversionMs conversion;
};

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

// What a value's conversion takes, of a report's "timed_ms"; nothing where the table has none.
Result<ConversionMs> table_conversion(const std::string& text, const std::filesystem::path& path) {
  SHRIKE_ASSIGN(const Json report, parse_json(text, shown_path(path)));
  ConversionMs conversion;
  const auto timed = report.find("timed_ms");
  if (timed == report.end() || !timed->is_object() || !timed->contains("conversion_ns"))
    return conversion;
  const Json& ns = timed->at("conversion_ns");
  const auto read = [&](const char* name, double& ms) -> Result<void> {
    if (!ns.is_object() || !ns.contains(name) || !ns[name].is_number() ||
        !(ns[name].get<double>() >= 0))
      return input_error(shown_path(path) + ": conversion_ns lacks a time " + name);
    ms = ns[name].get<double>() / 1e6;
    return {};
  };
  SHRIKE_TRY(read("to_integers", conversion.to_integers));
  SHRIKE_TRY(read("to_floats", conversion.to_floats));
  return conversion;
}

// Of another machine, from its report: "layers" by name [{"name", "ms": {"int8", "int16",
// "float"}}], and conversions.
Result<MixedTimes> table_ms(const Calibration& bytes, const std::filesystem::path& path) {
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
      if (!(row[type] > 0))
        return input_error(shown_path(path) + ": a layer's ms of " + kLayerTypeNames[type] +
                           " is not above 0");
    }
    return {};
  };
  SHRIKE_TRY(read_json_items(text, path.string(), {{"layers"}, {"name", "ms"}, take}));
  MixedTimes times;
  for (const QuantizedLayer& layer : layers_of_report(bytes.network, bytes.plan)) {
    const auto row = rows.find(layer.name);
    if (row == rows.end())
      return input_error(shown_path(path) + ": has no times of the layer " + in_quotes(layer.name));
    times.layers[layer.conv] = row->second;
  }
  SHRIKE_ASSIGN(times.conversion, table_conversion(text, path));
  return times;
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

size_t count_of(const IntegerPlan& plan, DType weights) {
  return static_cast<size_t>(
      std::count_if(plan.convs.begin(), plan.convs.end(),
                    [&](const auto& conv) { return conv.second.weights.q.dtype() == weights; }));
}

// With 16 bits where these help. With floats instead, where that leaves more layers in 8 bits, or
// as many and is faster as a whole, or where 16 bits are slower than all of it in floats.
Result<MixedChoice> choose(const Calibration& bytes, const CalibrationOptions& options,
                           const std::map<ValueId, LayerSensitivity>& layers, MixedOptions mixed,
                           bool measured) {
  SHRIKE_ASSIGN(MixedChoice choice, choose_types(bytes, layers, mixed));
  if (!measured || count_of(choice.plan, DType::kI16) == 0) return choice;
  mixed.floats_alone = true;
  SHRIKE_ASSIGN(MixedChoice floats, choose_types(bytes, layers, mixed));
  choice.looks.insert(choice.looks.end(), floats.looks.begin(), floats.looks.end());
  floats.looks = choice.looks;
  if (!floats.reached) return choice;
  if (!choice.reached) return floats;
  const IntegerPlan plans[] = {choice.plan, floats.plan, {}};
  SHRIKE_ASSIGN(const std::vector<NetworkTimes> times,
                measure_times(bytes.network, plans, options.proceed));
  const size_t of_choice = count_of(choice.plan, DType::kI8),
               of_floats = count_of(floats.plan, DType::kI8);
  const bool slow = times[0].all > times[2].all;
  if (slow || of_choice == of_floats) return times[1].all < times[0].all ? floats : choice;
  return of_floats > of_choice ? floats : choice;
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
  const bool measured = request.times.empty();
  SHRIKE_ASSIGN(const MixedTimes times, measured ? measured_ms(bytes, options)
                                                 : table_ms(bytes, request.times));
  mixed.ms = times.layers, mixed.conversion = times.conversion;
  if (measured) SHRIKE_TRY(prefer_floats_that_pay(bytes, options, mixed));
  SHRIKE_ASSIGN(MixedChoice choice, choose(bytes, options, layers, mixed, measured));

  MixedNetwork network{std::move(choice.plan), {}, {}, std::move(choice.looks)};
  if (measured) SHRIKE_TRY(keep_what_pays(bytes, options, network));
  if (network.timed) network.timed->conversion = times.conversion;
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
