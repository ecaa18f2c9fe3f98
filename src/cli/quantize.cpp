// shrike quantize: a model in integers.
#include <cstdio>
#include <filesystem>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/file_name.h"
#include "calibrate/calibration.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/dataset_option.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/model_names.h"
#include "cli/network.h"
#include "cli/overwriting.h"
#include "cli/quantize_report.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "detect/family.h"
#include "formats/names_literal.h"
#include "formats/onnx_writer.h"
#include "quantize/network.h"
#include "report/number.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

// Where quantisation needs no element types of its own: scales of each channel are there from 13
// on.
constexpr int kOpset = 13;
// Of a model's own detections, those that are taken for the truth.
constexpr float kTruthConfidence = 0.25f;

struct Choice {
  int value;
  std::string_view name;
};
constexpr Choice kForms[] = {{8, "int8"}};

struct Options {
  ModelOption model;
  ValidationOptions validation;
  CalibrationSplit calibration;
  std::string size, names_file, without, out, to = "int8";
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
      ->type_name(choice_value(kForms))
      ->capture_default_str();
  app.add_option("--calib", o.calibration.most, "Pictures to calibrate by, at most")
      ->capture_default_str()
      ->check(whole_number_in(1, 100000));
  app.add_option("--calib-split", o.calibration.name,
                 "The part of the data set they come from (train; where there is none, or it has "
                 "pictures of --split, the set is halved)")
      ->type_name(kSplitValue);
  app.add_option("--max-drop", o.max_drop,
                 "AP points (0.50:0.95) that may be lost; nothing is written when it is more")
      ->check(number_in(0, 100));
  app.add_option("--without", o.without, "Passes of the calibration to leave out, with commas")
      ->type_name(kListValue);
  app.add_flag("--json", o.json, "The report as JSON");
  add_validation_options(app, o.validation);
}

// The passes of --without. Errors are of kUsage.
Result<std::vector<std::string>> parse_passes(const std::string& text) {
  std::vector<std::string> names;
  for (size_t at = 0; at < text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string name = text.substr(at, comma - at);
    at = comma + 1;
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

// One model on its way: in floats as the file has it, and what is needed to run it on pictures.
struct FloatModel {
  std::string source;
  uint64_t bytes = 0;
  Graph graph;    // its size fixed
  Graph network;  // to be quantised
  Preprocess preprocess;
  std::vector<std::string> names;
};

Result<FloatModel> load_float_model(const Options& o) {
  SHRIKE_ASSIGN(FoundModel found, find_model_files(o.model));
  SHRIKE_ASSIGN(LoadedModel loaded, load_found_model(std::move(found)));
  SHRIKE_TRY(check_not_input(o.out, loaded.files));
  FloatModel model;
  model.source = loaded.source;
  model.bytes = loaded.bytes;
  if (!o.names_file.empty()) {
    SHRIKE_ASSIGN(loaded.names, read_names_file(o.names_file));
  }
  std::optional<std::array<int, 2>> size;
  if (!o.size.empty()) {
    SHRIKE_ASSIGN(size, parse_size(o.size));
  }
  SHRIKE_ASSIGN(model.graph, at_size(std::move(loaded.graph), size, model.source));
  Result<Graph> network = network_to_quantize(model.graph);
  if (!network) return in_context(model.source, network.error());
  model.network = *std::move(network);
  const bool named = model.network.metadata.contains("names");
  if (!named || !o.names_file.empty()) SHRIKE_TRY(add_names(model.network, loaded.names));
  model.graph.metadata["names"] = model.network.metadata["names"];
  const Result<Network> detector = make_network(model.graph, {});
  if (!detector) return in_context(model.source, detector.error());
  model.preprocess = family_of(*detector, PreprocessChoice::kAuto).preprocess;
  SHRIKE_ASSIGN(model.names, parse_names(model.network.metadata["names"]));
  return model;
}

bool has_labels(const Dataset& dataset) {
  for (const Sample& sample : dataset.samples)
    if (!sample.truth.empty()) return true;
  return false;
}

// What the detector finds becomes the truth.
Result<void> label(Dataset& dataset, Detector& detector, const Options& o, int streams) {
  SHRIKE_ASSIGN(const std::vector<Validation> found,
                validate_shown(std::span(&detector, 1), dataset, o.validation, streams, true));
  for (size_t i = 0; i < found[0].scored.size(); ++i)
    for (const Detection& d : found[0].detections[i]) {
      if (d.confidence < kTruthConfidence) continue;
      const double x = d.box.x1, y = d.box.y1, width = d.box.x2 - d.box.x1,
                   height = d.box.y2 - d.box.y1;
      dataset.samples[found[0].scored[i]].truth.push_back(
          {x, y, width, height, width * height, d.class_id});
    }
  return {};
}

// Both models on the pictures to judge by.
Result<void> judge(QuantizeReport& report, const FloatModel& model, const Graph& integers,
                   Dataset& dataset, const Options& o) {
  const int streams = validation_threads(o.threads);
  LoadOptions load;
  load.threads = 1;
  std::vector<Detector> detectors;
  for (const Graph* graph : {&model.graph, &integers}) {
    SHRIKE_ASSIGN(Detector detector, Detector::create(*graph, model.source, load));
    detectors.push_back(std::move(detector));
  }
  report.own_truth = !has_labels(dataset);
  if (report.own_truth) SHRIKE_TRY(label(dataset, detectors[0], o, streams));
  SHRIKE_ASSIGN(const std::vector<Validation> found,
                validate_shown(detectors, dataset, o.validation, streams, false));
  const Validation &before = found[0], &after = found[1];
  report.judged = before.scored.size();
  report.before = before.scores.summary.map50_95;
  report.after = after.scores.summary.map50_95;
  report.ms_before = before.speed.inference_ms;
  report.ms_after = after.speed.inference_ms;
  if (o.validation.draws > 0)
    report.difference =
        compare(before.matches, after.matches, static_cast<int>(dataset.names.size()),
                bootstrap_options(o.validation, streams))
            .map50_95;
  return {};
}

Result<int> quantize_and_tell(const Options& o, const FloatModel& model, QuantizeSets sets,
                              const std::vector<std::string>& skip) {
  CalibrationOptions options;
  options.preprocess = model.preprocess;
  options.pictures = std::move(sets.calibration);
  options.threads = validation_threads(o.threads);
  options.skip = skip;
  options.proceed = [] { return interrupted() == 0; };
  Result<Calibration> calibration = calibrate(model.network, options);
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (!calibration) return in_context("quantize " + model.source, calibration.error());
  SHRIKE_ASSIGN(Graph integers, in_integers(*calibration));
  SHRIKE_ASSIGN(integers, network_to_save(std::move(integers)));
  SHRIKE_ASSIGN(const std::string bytes, write_onnx(integers, {.opset = kOpset}));

  for (const std::string& note : calibration->notes) say(printable(note));

  QuantizeReport report;
  report.model = model.source, report.file = o.out, report.data = describe(sets.judging);
  report.layers = layers_of_report(*calibration);
  report.bytes_before = model.bytes, report.bytes_after = bytes.size();
  report.calibrated = options.pictures.size(), report.halved = sets.halved;
  const Result<void> judged = judge(report, model, integers, sets.judging, o);
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  SHRIKE_TRY(judged);
  if (o.max_drop >= 0 && !(report.before && report.after))
    return input_error("--max-drop: " + report.data +
                       " has no object to judge by: nothing was written");
  const bool good = o.max_drop < 0 || points_lost(report) <= o.max_drop;
  if (good) SHRIKE_TRY(write_file(o.out, bytes));
  const std::string text = o.json ? quantize_json(report) : quantize_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (good) {
    say("wrote " + printable(o.out));
  } else {
    say("lost " + fixed(points_lost(report), 2) + " points, more than --max-drop " +
        fixed(o.max_drop, 2) + ": nothing was written");
  }
  return good ? kExitOk : kExitAccuracy;
}

}  // namespace

Result<int> quantize_command(const Words& words) {
  Options o;
  CLI::App app(
      "Writes a model that computes in integers of 8 bits, as ONNX with QuantizeLinear and "
      "DequantizeLinear, and measures what that costs.",
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
  SHRIKE_TRY(parse_choice("--to", o.to, kForms));
  SHRIKE_ASSIGN(const std::vector<std::string> skip, parse_passes(o.without));
  SHRIKE_TRY(check_place(o.out));

  SHRIKE_ASSIGN(const FloatModel model, load_float_model(o));
  SHRIKE_ASSIGN(QuantizeSets sets, open_quantize_sets(o.validation, o.calibration, model.names,
                                                      validation_threads(o.threads)));
  const CatchInterrupts caught;
  return quantize_and_tell(o, model, std::move(sets), skip);
}

}  // namespace shrike
