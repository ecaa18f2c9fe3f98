#include "train_cli/train_program.h"

#include <array>
#include <cstdio>
#include <optional>

#include "base/cpu.h"
#include "base/excerpt.h"
#include "cli/exit_code.h"
#include "cli/network.h"
#include "cli/train_options.h"
#include "cli/values.h"
#include "detect/input_size.h"
#include "train/keep_memory.h"
#include "train/run_once.h"
#include "train_cli/dry_run.h"
#include "zoo/scratch.h"

namespace shrike {

namespace {

struct Start {
  Graph graph;
  std::string source;  // for messages
};

// Of a network from scratch without a data set, whose classes would count: those of COCO.
Result<Start> starting_point(const TrainOptions& options,
                             const std::optional<std::array<int, 2>>& size) {
  if (options.scratch.empty()) {
    SHRIKE_ASSIGN(LoadedModel model, load_model_option(options.model));
    return Start{std::move(model.graph), model.source};
  }
  zoo::ScratchOptions scratch;
  if (size) scratch.size = {(*size)[0], (*size)[1]};
  SHRIKE_ASSIGN(Graph graph, zoo::scratch_model(options.scratch, scratch));
  return Start{std::move(graph), options.scratch};
}

Result<TrainingGraph> load(const TrainOptions& options, std::string& source) {
  std::optional<std::array<int, 2>> size;
  if (!options.size.empty()) {
    SHRIKE_ASSIGN(size, parse_size(options.size));
  }
  SHRIKE_ASSIGN(Start start, starting_point(options, size));
  source = start.source;
  if (!size) size = default_size(start.graph);
  Result<TrainingGraph> training =
      prepare_for_training(std::move(start.graph), (*size)[0], (*size)[1]);
  if (!training) return in_context(source, training.error());
  return training;
}

Result<int> show_dry_run(const TrainingGraph& training, const std::string& source, int threads) {
  SHRIKE_ASSIGN(const DryRun run, dry_run(training, threads));
  SHRIKE_ASSIGN(const std::string head, describe_head(training.graph));
  const Shape& input = *training.graph.value(training.graph.inputs[0]).shape;
  std::printf("model        %s\n", printable(source).c_str());
  std::printf("input        %s\n", to_string(input).c_str());
  std::printf("head         %s%s\n", head.c_str(),
              training.one_to_many ? ", and a one-to-many copy for training" : "");
  std::printf("learns       %.3f M parameters\n", static_cast<double>(run.learned) * 1e-6);
  std::printf("batch norms  %lld, and %lld folded ones to put back\n",
              static_cast<long long>(run.norms), static_cast<long long>(run.folded));
  std::printf("difference   %.1e of a map's range from the engine's\n", run.difference);
  if (run.difference <= kMostDifference) return kExitOk;
  return runtime_error(source + ": the network that would be trained differs from the engine's");
}

}  // namespace

Result<int> train_program(const Words& words) {
  TrainOptions options;
  SHRIKE_ASSIGN(const Arguments arguments, parse_train_options(words, options));
  if (arguments.help) return kExitOk;
  if (!options.dry_run) return usage_error("train can only show what it would train yet: --dry-run");
  const int threads = options.threads > 0 ? options.threads : usable_cores();
  train::keep_freed_memory();
  train::set_threads(threads);
  std::string source;
  SHRIKE_ASSIGN(const TrainingGraph training, load(options, source));
  return show_dry_run(training, source, threads);
}

}  // namespace shrike
