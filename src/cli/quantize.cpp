// shrike quantize: a model in integers.
#include <algorithm>
#include <cstdio>

#include "base/excerpt.h"
#include "base/file.h"
#include "calibrate/calibration.h"
#include "cli/change_judge.h"
#include "cli/commands.h"
#include "cli/dataset_option.h"
#include "cli/exit_code.h"
#include "cli/float_model.h"
#include "cli/interrupt.h"
#include "cli/judgement_text.h"
#include "cli/overwriting.h"
#include "cli/quantize_mixed.h"
#include "cli/quantize_options.h"
#include "cli/quantize_report.h"
#include "cli/terminal.h"
#include "formats/onnx_writer.h"
#include "quantize/half_weights.h"
#include "quantize/network.h"

namespace shrike {

namespace {

// Of those that calibrate, how many each layer's effect on AP is measured by.
constexpr size_t kSensitivityPictures = 32;

// What becomes of the model.
struct Changed {
  Graph graph;  // as it is saved
  std::vector<QuantizedLayer> layers;
  std::optional<TimedWhole> timed = {};
  std::vector<double> looks = {};
};

// Errors and times of the layers of a plan.
Result<void> measure_layers(const Calibration& c, const CalibrationOptions& options,
                            std::vector<QuantizedLayer>& layers) {
  const IntegerPlan plans[] = {{}, c.plan};
  SHRIKE_ASSIGN(const std::vector<NetworkTimes> times,
                measure_times(c.network, plans, options.proceed));
  for (QuantizedLayer& layer : layers) {
    layer.ms_before = times[0].convs.at(layer.conv);
    layer.ms_after = times[1].convs.at(layer.conv);
  }
  return {};
}

Result<Changed> changed_from(const Calibration& c, std::vector<QuantizedLayer> layers,
                             const CalibrationOptions& options) {
  SHRIKE_TRY(measure_layers(c, options, layers));
  SHRIKE_ASSIGN(Graph graph, in_integers(c));
  SHRIKE_ASSIGN(graph, network_to_save(std::move(graph)));
  return Changed{std::move(graph), std::move(layers)};
}

Result<Changed> halved(const FloatModel& model) {
  Changed changed;
  changed.layers = layers_of_report(model.network, {});
  for (QuantizedLayer& layer : changed.layers) layer.type = "fp16";
  SHRIKE_ASSIGN(changed.graph, network_to_save(model.network));
  SHRIKE_TRY(halve_weights(changed.graph));
  return changed;
}

Result<Changed> uniform(const Calibration& c, const CalibrationOptions& options) {
  std::vector<QuantizedLayer> layers = layers_of_report(c.network, c.plan);
  SHRIKE_ASSIGN(const auto found, sensitivity_of(c, options, nullptr));
  for (QuantizedLayer& layer : layers)
    if (found.contains(layer.conv)) layer.error = found.at(layer.conv).error;
  return changed_from(c, std::move(layers), options);
}

// A judge by a few of the pictures that calibrate.
Result<ChangeJudge> calibrating_judge(const QuantizeCommand& o, const FloatModel& model,
                                      Dataset calibration) {
  const std::vector<Sample> all = std::move(calibration.samples);
  const size_t count = std::min(all.size(), kSensitivityPictures);
  calibration.samples.clear();
  for (size_t i = 0; i < count; ++i) calibration.samples.push_back(all[i * all.size() / count]);
  return ChangeJudge::create(model.graph, model.source, std::move(calibration), o.validation,
                             validation_threads(o.threads));
}

Result<Changed> mixed(Calibration c, const CalibrationOptions& options, ChangeJudge& calibrating,
                      ChangeJudge& judge, const MixedRequest& request) {
  SHRIKE_ASSIGN(MixedNetwork network, mix_types(c, options, calibrating, judge, request));
  c.plan = std::move(network.plan);
  SHRIKE_ASSIGN(Changed changed, changed_from(c, std::move(network.layers), options));
  changed.timed = network.timed, changed.looks = std::move(network.looks);
  return changed;
}

CalibrationOptions calibration_options(const QuantizeCommand& o, const FloatModel& model,
                                       const Dataset& calibration) {
  CalibrationOptions options;
  const bool words = o.target == QuantizeTarget::kInt16 || o.target == QuantizeTarget::kInt16x8;
  if (words) options.activations = DType::kI16;
  if (o.target == QuantizeTarget::kInt16) options.weights = DType::kI16;
  options.weight_bits = static_cast<int>(o.weight_bits);
  options.preprocess = model.preprocess;
  for (const Sample& sample : calibration.samples) options.pictures.push_back(sample.picture);
  options.threads = validation_threads(o.threads);
  options.skip = o.skip;
  // What 8 bits are too few for is found layer by layer.
  if (o.target == QuantizeTarget::kMixed) options.skip.push_back("keep_floats");
  options.proceed = [] { return interrupted() == 0; };
  return options;
}

Result<Calibration> calibrated(const FloatModel& model, const CalibrationOptions& options) {
  SHRIKE_ASSIGN(Calibration calibration, calibrate(model.network, options));
  for (const std::string& note : calibration.notes) say(printable(note));
  return calibration;
}

Result<Changed> change(const QuantizeCommand& o, const FloatModel& model, const QuantizeSets& sets,
                       const TimesTable* times, ChangeJudge& judge) {
  if (o.target == QuantizeTarget::kFp16) return halved(model);
  const CalibrationOptions options = calibration_options(o, model, sets.calibration);
  if (o.target != QuantizeTarget::kMixed) {
    SHRIKE_ASSIGN(const Calibration calibration, calibrated(model, options));
    return uniform(calibration, options);
  }
  SHRIKE_ASSIGN(ChangeJudge calibrating, calibrating_judge(o, model, sets.calibration));
  SHRIKE_ASSIGN(Calibration calibration, calibrated(model, options));
  return mixed(std::move(calibration), options, calibrating, judge, {o.max_drop, times});
}

// Why a report's model is not worth a file, and the exit code of that.
struct Refusal {
  std::string reason;
  int code;
};

std::optional<Refusal> refusal(const QuantizeCommand& o, const QuantizeReport& report) {
  const double lost = points_lost(report.judgement);
  if (o.max_drop >= 0 && lost > o.max_drop)
    return Refusal{drop_text(lost, o.max_drop), kExitAccuracy};
  if (o.target == QuantizeTarget::kMixed && integer_share(report.layers) == 0)
    return Refusal{"integers are no faster than floats, in whichever layers they are", kExitSlower};
  return {};
}

Error nothing_to_judge_by(const QuantizeReport& report) {
  return input_error("--max-drop: " + report.data +
                     " has no object to judge by: nothing was written");
}

// Prints the report, and writes the file unless that is refused.
Result<int> write_and_tell(const QuantizeCommand& o, const QuantizeReport& report,
                           const std::string& bytes) {
  const Judgement& judgement = report.judgement;
  if (o.max_drop >= 0 && !(judgement.before && judgement.after))
    return nothing_to_judge_by(report);
  const std::optional<Refusal> refused = refusal(o, report);
  if (!refused) SHRIKE_TRY(write_file(o.out, bytes));
  const std::string text = o.json ? quantize_json(report) : quantize_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  tell_unjudged(judgement);
  say(refused ? refused->reason + ": nothing was written" : "wrote " + printable(o.out));
  return refused ? refused->code : kExitOk;
}

Result<int> quantize_and_tell(const QuantizeCommand& o, const FloatModel& model, QuantizeSets sets,
                              const TimesTable* times) {
  QuantizeReport report;
  report.model = model.source, report.file = o.out, report.data = describe(sets.judging);
  report.to = o.to;
  report.calibrated = sets.calibration.samples.size(), report.halved = sets.halved;
  SHRIKE_ASSIGN(ChangeJudge judge,
                ChangeJudge::create(model.graph, model.source, std::move(sets.judging),
                                    o.validation, validation_threads(o.threads)));
  report.own_truth = judge.own_truth();
  if (o.max_drop >= 0 && !judge.has_objects()) return nothing_to_judge_by(report);
  Result<Changed> changed = change(o, model, sets, times, judge);
  if (!changed) return in_context("quantize " + model.source, changed.error());
  SHRIKE_ASSIGN(const std::string bytes,
                write_onnx(changed->graph, {.opset = opset_for(changed->graph)}));
  report.layers = std::move(changed->layers), report.timed = changed->timed;
  report.looks = std::move(changed->looks);
  report.bytes_before = model.bytes, report.bytes_after = bytes.size();
  SHRIKE_ASSIGN(report.judgement, judge.judge(changed->graph));
  if (interrupted() != 0) return runtime_error("ended early");
  return write_and_tell(o, report, bytes);
}

}  // namespace

Result<int> quantize_command(const Words& words) {
  SHRIKE_ASSIGN(const std::optional<QuantizeCommand> parsed, parse_quantize_options(words));
  if (!parsed) return kExitOk;
  const QuantizeCommand& o = *parsed;
  SHRIKE_TRY(check_place(o.out));
  SHRIKE_TRY(check_not_input(o.out, {o.times, o.names_file}));
  SHRIKE_ASSIGN(const FloatModel model, load_float_model({o.model, o.size, o.names_file, o.out}));
  std::optional<TimesTable> times;
  if (!o.times.empty()) {
    SHRIKE_ASSIGN(times, read_times_table(o.times, model.network));
  }
  SHRIKE_ASSIGN(QuantizeSets sets, open_quantize_sets(o.validation, o.calibration, model.names,
                                                      validation_threads(o.threads)));
  const CatchInterrupts caught;
  const Result<int> code = quantize_and_tell(o, model, std::move(sets), times ? &*times : nullptr);
  if (!code && interrupted() != 0) return exit_code_of_signal(interrupted());
  return code;
}

}  // namespace shrike
