#include "cli/prune_options.h"

#include <algorithm>

#include "base/file_name.h"
#include "cli/arguments.h"
#include "cli/detector_options.h"
#include "cli/layer_table.h"
#include "cli/network_time.h"
#include "cli/train_options.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "prune/zero_blocks.h"

namespace shrike {

namespace {

struct BudgetOption {
  const char* name;
  double PruneCommand::*value;
  PruneBudget budget;
  const char* about;
};
constexpr BudgetOption kBudgets[] = {
    {"--macs", &PruneCommand::macs, PruneBudget::kMacs, "Share of the multiply-adds to keep, 0..1"},
    {"--params", &PruneCommand::params, PruneBudget::kParameters,
     "Share of the parameters to keep, 0..1"},
    {"--ratio", &PruneCommand::ratio, PruneBudget::kRatio, "Share of the channels to remove, 0..1"},
    {"--latency", &PruneCommand::latency, PruneBudget::kLatency,
     "Milliseconds that the network may take on one thread of this machine"}};

void add_options(CLI::App& app, PruneCommand& o) {
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
  app.add_option("--importance", o.importance,
                 "What a channel is worth by (l1; with --epochs, which has what trains, taylor)")
      ->type_name(choice_value(kImportances));
  app.add_option("--protect", o.protect, "Layers that keep their channels, by name")
      ->type_name(kListValue);
  app.add_option("--most", o.most, "Share of a layer that may leave")
      ->capture_default_str()
      ->check(number_in(0, 1));
  app.add_option("--multiple", o.multiple, "Widths are multiples of this")
      ->capture_default_str()
      ->check(whole_number_in(1, 1024));
  app.add_flag("--unstructured", o.unstructured,
               "Channels stay; weights become zero, in blocks of four input channels");
  app.add_flag("--json", o.json, "The report as JSON");
  add_validation_options(app, o.validation);
  app.get_option("--seed")->description("Of the draws, of random importance and of training");
}

void add_recovery_options(CLI::App& app, PruneCommand& o) {
  app.add_option("--epochs", o.epochs,
                 "Epochs of training afterwards, with the unpruned model as teacher; what else is "
                 "for train goes behind --")
      ->capture_default_str()
      ->check(whole_number_in(0, 1'000'000));
  app.add_option("--steps", o.steps, "Times that it is pruned and trained in turns")
      ->capture_default_str()
      ->check(whole_number_in(1, 1000));
  app.add_option("--out", o.folder,
                 "Folder of the training, from which the same command goes on (OUTPUT-recovery)")
      ->type_name(kFolderValue);
  app.add_flag("--no-teacher", o.no_teacher, "Train by labels alone");
}

// Taylor's numbers are the best, and shrike-train is what has them.
const char* default_importance(const PruneCommand& o) {
  return o.epochs > 0 && !o.unstructured ? "taylor" : "l1";
}

Result<PruneOptions> prune_options(const CLI::App& app, const PruneCommand& o) {
  PruneOptions options;
  size_t given = 0;
  for (const BudgetOption& row : kBudgets)
    if (app.count(row.name) > 0) {
      options.budget = row.budget;
      options.value = o.*row.value;
      if (!(options.value > 0)) return usage_error(std::string(row.name) + " must lie above 0");
      ++given;
    }
  if (given != 1) return usage_error("prune wants one of --macs, --params, --ratio and --latency");
  SHRIKE_ASSIGN(options.importance, parse_choice("--importance", o.importance, kImportances));
  options.seed = o.validation.seed;
  options.multiple = o.multiple;
  options.most = o.most;
  options.protect = split_list(o.protect);
  options.latency = network_ms;
  options.measure_layers = measure_layers;
  return options;
}

// What is for training, before any work is done.
Result<void> check_training(const CLI::App& app, PruneCommand& o) {
  if (o.epochs == 0) {
    for (const char* name : {"--steps", "--out", "--no-teacher"})
      if (app.count(name) > 0)
        return usage_error(std::string(name) + " is for training afterwards: give --epochs");
    if (!o.train.empty())
      return usage_error("what is behind -- is for training afterwards: give --epochs");
    return {};
  }
  if (o.epochs < o.steps)
    return usage_error("--steps " + std::to_string(o.steps) +
                       " want an epoch each, and --epochs is " + std::to_string(o.epochs));
  for (const char* own : {"model", "weights", "scratch", "data", "pictures", "epochs", "seed",
                          "threads", "out", "teacher", "json"})
    if (names_option(o.train, own))
      return usage_error("--" + std::string(own) + " behind --: it is prune's own" +
                         (std::string_view(own) == "teacher" ? ", the unpruned model"
                                                             : ": give it in front of --"));
  const RecoveryOptions recovery = recovery_options(o);
  TrainOptions train;
  const Result<Arguments> parsed = parse_train_options(training_words(recovery, 1), train);
  if (!parsed) return in_context("what is behind --, for train", parsed.error());
  if (parsed->help || !train.resume.empty() || !train.taylor.empty() || train.dry_run)
    return usage_error("what is behind -- must be settings of a training");
  if (!train.size.empty())
    return usage_error(
        "--imgsz behind --: the trained network is judged beside the unpruned one, at one size; "
        "give --imgsz to prune");
  if (train.processes > 1 && !o.no_teacher)
    return usage_error("--nproc behind --: a teacher teaches one process; give --no-teacher, too");
  if (!train.qat.empty())
    return usage_error(
        "--qat behind --: what is pruned and trained is in floats; give its file to train --qat "
        "afterwards");
  if (o.prune.importance == Importance::kNorm && o.steps > 1 && train.sparsity == 0)
    return usage_error(
        "--importance norm with --steps needs the batch norms of each step's training, which it "
        "keeps with --sparsity: give -- --sparsity W");
  o.holdout = train.holdout;
  o.processes = static_cast<int>(train.processes);
  o.unlabeled = train.unlabeled;
  return {};
}

}  // namespace

RecoveryOptions recovery_options(const PruneCommand& o) {
  RecoveryOptions recovery;
  recovery.folder = o.folder;
  if (o.folder.empty()) {
    const std::filesystem::path out = o.out;
    recovery.folder = out.parent_path() / (out.stem().string() + "-recovery");
  }
  recovery.data = o.validation.data;
  recovery.pictures = o.validation.pictures;
  recovery.epochs = o.epochs;
  recovery.steps = o.steps;
  recovery.seed = o.validation.seed;
  recovery.threads = o.threads;
  recovery.processes = o.processes;
  recovery.teacher = !o.no_teacher;
  recovery.zeros = o.unstructured;
  recovery.train = o.train;
  Json& wish = recovery.wish;
  wish = {{"importance", o.importance}, {"most", o.most}, {"protect", o.protect}};
  for (const BudgetOption& row : kBudgets)
    if (row.budget == o.prune.budget) wish[row.name + 2] = o.*row.value;
  for (const BudgetOption& row : kBudgets) recovery.budgets.emplace_back(row.name + 2);
  wish["multiple"] = o.multiple;
  wish["unstructured"] = o.unstructured;
  return recovery;
}

Result<std::optional<PruneCommand>> parse_prune_options(const Words& words) {
  PruneCommand o;
  CLI::App app(
      "Writes a model with fewer channels, as an ordinary and smaller ONNX file, and measures what "
      "that costs. Without training afterwards (--epochs) accuracy falls fast.",
      "shrike prune");
  add_options(app, o);
  add_recovery_options(app, o);
  const auto end = std::find(words.begin(), words.end(), "--");
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, Words(words.begin(), end)));
  if (arguments.help) return std::optional<PruneCommand>();
  if (end != words.end()) o.train.assign(end + 1, words.end());
  if (!arguments.words.empty())
    return usage_error("prune takes --model, --data and -o, not the word " +
                       arguments.words.front());
  if (o.validation.data.empty() || o.out.empty())
    return usage_error(
        "prune needs a data set and a file to write: shrike prune --model NAME --data data.yaml "
        "--macs 0.5 -o OUT.onnx");
  if (lower_ending(o.out) != ".onnx")
    return usage_error("prune writes ONNX: " + o.out + " does not end in .onnx");
  if (o.importance.empty()) o.importance = default_importance(o);
  SHRIKE_ASSIGN(o.prune, prune_options(app, o));
  if (o.unstructured) SHRIKE_TRY(check_zero_blocks(o.prune));
  SHRIKE_TRY(check_training(app, o));
  return std::optional(std::move(o));
}

}  // namespace shrike
