// shrike prune: a model with fewer channels.
#include <cmath>
#include <cstdio>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/file_name.h"
#include "calibrate/layer_times.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/dataset_option.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/float_model.h"
#include "cli/interrupt.h"
#include "cli/overwriting.h"
#include "cli/prune_report.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "formats/onnx_writer.h"
#include "prune/prune.h"
#include "quantize/network.h"
#include "quantize/place.h"
#include "report/number.h"

namespace shrike {

namespace {

// How far the measured latency may lie from what was wished before that is said.
constexpr double kNearWish = 0.05;

struct Options {
  ModelOption model;
  ValidationOptions validation;
  std::string size, names_file, out, protect, importance = "l1";
  double macs = 0, params = 0, ratio = 0, latency = 0;  // one of them
  int64_t multiple = 8;
  double most = 0.8;
  int threads = 0;
  bool json = false;
};

struct BudgetOption {
  const char* name;
  double Options::*value;
  PruneBudget budget;
  const char* about;
};
constexpr BudgetOption kBudgets[] = {
    {"--macs", &Options::macs, PruneBudget::kMacs, "Share of the multiply-adds to keep, 0..1"},
    {"--params", &Options::params, PruneBudget::kParameters,
     "Share of the parameters to keep, 0..1"},
    {"--ratio", &Options::ratio, PruneBudget::kRatio, "Share of the channels to remove, 0..1"},
    {"--latency", &Options::latency, PruneBudget::kLatency,
     "Milliseconds that the network may take on one thread of this machine"}};

void add_options(CLI::App& app, Options& o) {
  add_model_options(app, o.model);
  add_size_option(app, o.size);
  add_threads_option(app, o.threads);
  app.add_option("--names", o.names_file, "File with the names of the classes, one a line")
      ->type_name(kFileValue);
  app.add_option("-o,--output", o.out, "The file to write, .onnx")->type_name(kFileValue);
  for (const BudgetOption& row : kBudgets) {
    const bool share = row.budget != PruneBudget::kLatency;
    app.add_option(row.name, o.*row.value, row.about)
        ->check(share ? number_in(0, 1) : number_in(0, 1e6));
  }
  app.add_option("--importance", o.importance, "What a channel is worth by")
      ->type_name(choice_value(kImportances))
      ->capture_default_str();
  app.add_option("--protect", o.protect, "Layers that keep their channels, by name")
      ->type_name(kListValue);
  app.add_option("--most", o.most, "Share of a layer that may leave")
      ->capture_default_str()
      ->check(number_in(0, 1));
  app.add_option("--multiple", o.multiple, "Widths are multiples of this")
      ->capture_default_str()
      ->check(whole_number_in(1, 1024));
  app.add_flag("--json", o.json, "The report as JSON");
  add_validation_options(app, o.validation);
}

Result<PruneOptions> prune_options(const CLI::App& app, const Options& o) {
  PruneOptions options;
  size_t given = 0;
  for (const BudgetOption& row : kBudgets)
    if (app.count(row.name) > 0) {
      options.budget = row.budget;
      options.value = o.*row.value;
      ++given;
    }
  if (given != 1) return usage_error("prune wants one of --macs, --params, --ratio and --latency");
  SHRIKE_ASSIGN(options.importance, parse_choice("--importance", o.importance, kImportances));
  options.seed = o.validation.seed;
  options.multiple = o.multiple;
  options.most = o.most;
  options.protect = split_list(o.protect);
  options.latency = [](const Graph& graph) -> Result<double> {
    const IntegerPlan floats;
    SHRIKE_ASSIGN(const std::vector<NetworkTimes> times,
                  measure_times(graph, std::span(&floats, 1), [] { return interrupted() == 0; }));
    return times[0].all;
  };
  return options;
}

// Parts of the network that could not be followed: heads and outputs must stay, and are no news.
void tell_whole(const FloatModel& model, const PruneOutcome& outcome) {
  for (const Whole& part : outcome.whole) {
    const bool ends = part.node < 0 || std::holds_alternative<Head>(
                                           model.network.nodes[static_cast<size_t>(part.node)].op);
    if (!ends)
      say(printable(std::to_string(part.channels) + " channels stay whole for " +
                    describe_whole(model.network, part)));
  }
}

void tell_latency(const PruneOptions& options, double ms) {
  if (options.budget != PruneBudget::kLatency) return;
  if (std::abs(ms - options.value) <= kNearWish * options.value) return;
  say("the network takes " + fixed(ms, 2) + " ms, not " + fixed(options.value, 2) +
      (ms < options.value ? ": no pruning lies between this one and one that takes longer"
                          : ": other programs took part of the processor meanwhile"));
}

Result<int> prune_and_tell(const Options& o, const PruneOptions& options, const FloatModel& model,
                           Dataset data) {
  PruneReport report;
  report.model = model.source, report.file = o.out, report.data = describe(data);
  report.importance = o.importance;
  SHRIKE_ASSIGN(ChangeJudge judge,
                ChangeJudge::create(model.graph, model.source, std::move(data), o.validation,
                                      validation_threads(o.threads)));
  report.own_truth = judge.own_truth();
  Result<PruneOutcome> outcome = prune(model.network, options);
  if (!outcome) return in_context("prune " + model.source, outcome.error());
  report.outcome = *std::move(outcome);
  tell_whole(model, report.outcome);
  SHRIKE_ASSIGN(const Graph saved, network_to_save(report.outcome.graph));
  SHRIKE_ASSIGN(const std::string bytes, write_onnx(saved, {.opset = opset_for(saved)}));
  report.bytes_before = model.bytes, report.bytes_after = bytes.size();
  SHRIKE_ASSIGN(report.judgement, judge.judge(saved));
  SHRIKE_ASSIGN(report.ms_before, options.latency(model.network));
  SHRIKE_ASSIGN(report.ms_after, options.latency(report.outcome.graph));
  if (interrupted() != 0) return runtime_error("ended early");
  tell_latency(options, report.ms_after);
  SHRIKE_TRY(write_file(o.out, bytes));
  const std::string text = o.json ? prune_json(model.network, report) : prune_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  say("wrote " + printable(o.out));
  return kExitOk;
}

}  // namespace

Result<int> prune_command(const Words& words) {
  Options o;
  CLI::App app(
      "Writes a model with fewer channels, as an ordinary and smaller ONNX file, and measures what "
      "that costs. Without training afterwards accuracy falls fast.",
      "shrike prune");
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (!arguments.words.empty())
    return usage_error("prune takes --model, --data and -o, not the word " +
                       arguments.words.front());
  if (o.validation.data.empty() || o.out.empty())
    return usage_error(
        "prune needs a data set and a file to write: shrike prune --model NAME --data data.yaml "
        "--macs 0.5 -o OUT.onnx");
  if (lower_ending(o.out) != ".onnx")
    return usage_error("prune writes ONNX: " + o.out + " does not end in .onnx");
  SHRIKE_ASSIGN(const PruneOptions options, prune_options(app, o));
  SHRIKE_TRY(check_place(o.out));
  SHRIKE_ASSIGN(const FloatModel model, load_float_model({o.model, o.size, o.names_file, o.out}));
  SHRIKE_ASSIGN(Dataset data, open_validation_data(o.validation, validation_threads(o.threads)));
  SHRIKE_TRY(check_not_input(o.out, data));
  const CatchInterrupts caught;
  const Result<int> code = prune_and_tell(o, options, model, std::move(data));
  if (!code && interrupted() != 0) return exit_code_of_signal(interrupted());
  return code;
}

}  // namespace shrike
