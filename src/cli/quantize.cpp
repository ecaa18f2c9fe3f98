// shrike quantize: a model in integers.
#include <cstdio>
#include <filesystem>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/file_name.h"
#include "calibrate/calibration.h"
#include "cli/arguments.h"
#include "cli/change_judge.h"
#include "cli/commands.h"
#include "cli/dataset_option.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/float_model.h"
#include "cli/interrupt.h"
#include "cli/overwriting.h"
#include "cli/quantize_mixed.h"
#include "cli/quantize_report.h"
#include "cli/quantize_sets.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "formats/onnx_writer.h"
#include "quantize/half_weights.h"
#include "quantize/network.h"
#include "report/number.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

enum class Target { kInt8, kInt16, kInt16x8, kFp16, kMixed };

struct Choice {
  Target value;
  std::string_view name;
};
constexpr Choice kTargets[] = {{Target::kInt8, "int8"},
                               {Target::kInt16, "int16"},
                               {Target::kInt16x8, "int16x8"},
                               {Target::kFp16, "fp16"},
                               {Target::kMixed, "mixed"}};
// Of `mixed`, where nobody says.
constexpr double kMaxDrop = 0.3;
// Of those that calibrate, how many each layer's effect on AP is measured by.
constexpr size_t kSensitivityPictures = 32;

struct Options {
  ModelOption model;
  ValidationOptions validation;
  CalibrationSplit calibration;
  std::string size, names_file, without, out, times, to = "int8";
  double max_drop = -1;  // points; below 0: any
  int threads = 0;
  bool json = false;
};

void add_options(CLI::App& app, Options& o) {
  add_model_options(app, o.model);
  add_size_option(app, o.size);
  add_threads_option(app, o.threads);
  app.add_option("--names", o.names_file, "File with the names of the classes, one a line")
      ->type_name(kFileValue);
  app.add_option("-o,--output", o.out, "The file to write, .onnx")->type_name(kFileValue);
  app.add_option("--to", o.to, "What layers compute in")
      ->type_name(choice_value(kTargets))
      ->capture_default_str();
  app.add_option("--calib", o.calibration.most, "Pictures to calibrate by, at most")
      ->capture_default_str()
      ->check(whole_number_in(1, 100000));
  app.add_option("--calib-split", o.calibration.name,
                 "The part of the data set they come from (train; where there is none, or it has "
                 "pictures of --split, the set is halved)")
      ->type_name(kSplitValue);
  app.add_option(
         "--max-drop", o.max_drop,
         "AP points (0.50:0.95) that may be lost; nothing is written when it is more (mixed: "
         "0.3)")
      ->check(number_in(0, 100));
  app.add_option("--without", o.without, "Passes of the calibration to leave out, with commas")
      ->type_name(kListValue);
  app.add_option("--times", o.times,
                 "Of mixed: the report (--json) of the machine the model is for, where that is not "
                 "this one")
      ->type_name(kFileValue);
  app.add_flag("--json", o.json, "The report as JSON");
  add_validation_options(app, o.validation);
}

// The passes of --without. Errors are of kUsage.
Result<std::vector<std::string>> parse_passes(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& name : split_list(text)) {
    std::string known;
    bool found = false;
    for (const CalibrationPass& pass : calibration_passes()) {
      if (pass.needed) continue;
      known += (known.empty() ? "" : ", ") + std::string(pass.name);
      found = found || pass.name == name;
    }
    if (!found) return usage_error("--without " + name + ": not one of " + known);
    names.push_back(name);
  }
  return names;
}

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

Result<Changed> mixed(Calibration c, const CalibrationOptions& options, const Options& o,
                      const FloatModel& model, Dataset calibration, ChangeJudge& judge) {
  const std::vector<Sample> all = std::move(calibration.samples);
  const size_t count = std::min(all.size(), kSensitivityPictures);
  calibration.samples.clear();
  for (size_t i = 0; i < count; ++i) calibration.samples.push_back(all[i * all.size() / count]);
  SHRIKE_ASSIGN(ChangeJudge calibrating,
                ChangeJudge::create(model.graph, model.source, std::move(calibration), o.validation,
                                    validation_threads(o.threads)));
  SHRIKE_ASSIGN(MixedNetwork network,
                mix_types(c, options, calibrating, judge, {o.max_drop, o.times}));
  c.plan = std::move(network.plan);
  SHRIKE_ASSIGN(Changed changed, changed_from(c, std::move(network.layers), options));
  changed.timed = network.timed, changed.looks = std::move(network.looks);
  return changed;
}

Result<Changed> change(const Options& o, Target target, const FloatModel& model,
                       const QuantizeSets& sets, const std::vector<std::string>& skip,
                       ChangeJudge& judge) {
  if (target == Target::kFp16) return halved(model);
  CalibrationOptions options;
  const bool words = target == Target::kInt16 || target == Target::kInt16x8;
  if (words) options.activations = DType::kI16;
  if (target == Target::kInt16) options.weights = DType::kI16;
  options.preprocess = model.preprocess;
  for (const Sample& sample : sets.calibration.samples) options.pictures.push_back(sample.picture);
  options.threads = validation_threads(o.threads);
  options.skip = skip;
  // What 8 bits are too few for is found layer by layer.
  if (target == Target::kMixed) options.skip.push_back("keep_floats");
  options.proceed = [] { return interrupted() == 0; };
  SHRIKE_ASSIGN(Calibration calibration, calibrate(model.network, options));
  for (const std::string& note : calibration.notes) say(printable(note));
  if (target != Target::kMixed) return uniform(calibration, options);
  return mixed(std::move(calibration), options, o, model, sets.calibration, judge);
}

// Why a report's model is not worth a file, and the exit code of that.
struct Refusal {
  std::string reason;
  int code;
};

std::optional<Refusal> refusal(const Options& o, Target target, const QuantizeReport& report) {
  const double lost = points_lost(report.judgement);
  if (o.max_drop >= 0 && lost > o.max_drop)
    return Refusal{
        "lost " + fixed(lost, 2) + " points, more than --max-drop " + fixed(o.max_drop, 2),
        kExitAccuracy};
  if (target == Target::kMixed && integer_share(report.layers) == 0)
    return Refusal{"integers are no faster than floats, in whichever layers they are", kExitSlower};
  return {};
}

// Prints the report, and writes the file unless that is refused.
Result<int> write_and_tell(const Options& o, Target target, const QuantizeReport& report,
                           const std::string& bytes) {
  const Judgement& judgement = report.judgement;
  if (o.max_drop >= 0 && !(judgement.before && judgement.after))
    return input_error("--max-drop: " + report.data +
                       " has no object to judge by: nothing was written");
  const std::optional<Refusal> refused = refusal(o, target, report);
  if (!refused) SHRIKE_TRY(write_file(o.out, bytes));
  const std::string text = o.json ? quantize_json(report) : quantize_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  say(refused ? refused->reason + ": nothing was written" : "wrote " + printable(o.out));
  return refused ? refused->code : kExitOk;
}

Result<int> quantize_and_tell(const Options& o, Target target, const FloatModel& model,
                              QuantizeSets sets, const std::vector<std::string>& skip) {
  QuantizeReport report;
  report.model = model.source, report.file = o.out, report.data = describe(sets.judging);
  report.to = o.to;
  report.calibrated = sets.calibration.samples.size(), report.halved = sets.halved;
  SHRIKE_ASSIGN(ChangeJudge judge,
                ChangeJudge::create(model.graph, model.source, std::move(sets.judging),
                                    o.validation, validation_threads(o.threads)));
  report.own_truth = judge.own_truth();
  Result<Changed> changed = change(o, target, model, sets, skip, judge);
  if (!changed) return in_context("quantize " + model.source, changed.error());
  SHRIKE_ASSIGN(const std::string bytes,
                write_onnx(changed->graph, {.opset = opset_for(changed->graph)}));
  report.layers = std::move(changed->layers), report.timed = changed->timed;
  report.looks = std::move(changed->looks);
  report.bytes_before = model.bytes, report.bytes_after = bytes.size();
  SHRIKE_ASSIGN(report.judgement, judge.judge(changed->graph));
  if (interrupted() != 0) return runtime_error("ended early");
  return write_and_tell(o, target, report, bytes);
}

}  // namespace

Result<int> quantize_command(const Words& words) {
  Options o;
  CLI::App app(
      "Writes a model that computes in integers, as ONNX with QuantizeLinear and DequantizeLinear, "
      "or with weights of 16 bits, and measures what that costs.",
      "shrike quantize");
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (!arguments.words.empty())
    return usage_error("quantize takes --model, --data and -o, not the word " +
                       arguments.words.front());
  if (o.validation.data.empty() || o.out.empty())
    return usage_error(
        "quantize needs a data set and a file to write: shrike quantize --model NAME --data "
        "data.yaml -o OUT.onnx");
  if (lower_ending(o.out) != ".onnx")
    return usage_error("quantize writes ONNX: " + o.out + " does not end in .onnx");
  SHRIKE_ASSIGN(const Target target, parse_choice("--to", o.to, kTargets));
  if (target == Target::kMixed && o.max_drop < 0) o.max_drop = kMaxDrop;
  if (target == Target::kFp16) o.calibration.most = 0;
  if (!o.times.empty() && target != Target::kMixed)
    return usage_error("--times is of --to mixed alone");
  SHRIKE_ASSIGN(const std::vector<std::string> skip, parse_passes(o.without));
  SHRIKE_TRY(check_place(o.out));

  SHRIKE_ASSIGN(const FloatModel model, load_float_model({o.model, o.size, o.names_file, o.out}));
  SHRIKE_ASSIGN(QuantizeSets sets, open_quantize_sets(o.validation, o.calibration, model.names,
                                                      validation_threads(o.threads)));
  const CatchInterrupts caught;
  const Result<int> code = quantize_and_tell(o, target, model, std::move(sets), skip);
  if (!code && interrupted() != 0) return exit_code_of_signal(interrupted());
  return code;
}

}  // namespace shrike
