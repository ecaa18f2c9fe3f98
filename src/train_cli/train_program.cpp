#include "train_cli/train_program.h"

#include <cstdio>

#include "base/excerpt.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/launch.h"
#include "cli/network.h"
#include "cli/train_options.h"
#include "formats/json.h"
#include "train/keep_memory.h"
#include "train/run_once.h"
#include "train_cli/dry_run.h"
#include "train_cli/local_ranks.h"
#include "train_cli/planned_network.h"
#include "train_cli/taylor_file.h"
#include "train_cli/training_run.h"

namespace shrike {

namespace {

void print_text(const TrainingGraph& training, const std::string& source, const std::string& head,
                const DryRun& run) {
  const Shape& input = *training.graph.value(training.graph.inputs[0]).shape;
  std::printf("model        %s\n", printable(source).c_str());
  std::printf("input        %s\n", to_string(input).c_str());
  std::printf("head         %s%s\n", head.c_str(),
              training.one_to_many ? ", and a one-to-many copy for training" : "");
  std::printf("learns       %.3f M parameters\n", static_cast<double>(run.learned) * 1e-6);
  std::printf("batch norms  %lld, and %lld folded ones to put back\n",
              static_cast<long long>(run.norms), static_cast<long long>(run.folded));
  std::printf("difference   %.1e of a map's range from the engine's\n", run.difference);
}

void print_json(const TrainingGraph& training, const std::string& source, const std::string& head,
                const DryRun& run) {
  const Shape& input = *training.graph.value(training.graph.inputs[0]).shape;
  const Json json = {{"model", source},
                     {"input", input.dims()},
                     {"head", head},
                     {"one_to_many", training.one_to_many.has_value()},
                     {"parameters", run.learned},
                     {"batch_norms", run.norms},
                     {"folded", run.folded},
                     {"difference", run.difference}};
  std::printf("%s\n", dump_json(json).c_str());
}

Result<int> show_dry_run(const TrainingGraph& training, const std::string& source, int threads,
                         bool json) {
  SHRIKE_ASSIGN(const DryRun run, dry_run(training, threads));
  SHRIKE_ASSIGN(const std::string head, describe_head(training.graph));
  (json ? print_json : print_text)(training, source, head, run);
  if (run.difference <= kMostDifference) return kExitOk;
  return runtime_error(source + ": the network that would be trained differs from the engine's");
}

Result<int> run_of(const TrainOptions& options) {
  SHRIKE_ASSIGN(const std::optional<Launch> launch, launch_of_environment());
  std::optional<CatchInterrupts> caught;
  if (launch) caught.emplace();  // a rank that ended alone would be lost to the others
  SHRIKE_ASSIGN(Ranks ranks, Ranks::join(launch));
  if (ranks.ended_by() != 0) return exit_code_of_signal(ranks.ended_by());
  const Result<int> ended =
      options.resume.empty() ? training_run(options, ranks) : resumed_run(options, ranks);
  if (!ended) ranks.give_up();
  // Of a signal while the run was prepared: an error says how it was heard of.
  if (const int signal = ended ? 0 : ranks.ended_by(); signal != 0)
    return exit_code_of_signal(signal);
  // What rank 0 fails by is said once a host.
  if (!ended && ranks.has_error_of_first() && local_rank() != 0)
    return exit_code(ended.error().kind);
  return ended;
}

}  // namespace

Result<int> train_program(const Words& words) {
  TrainOptions options;
  SHRIKE_ASSIGN(const Arguments arguments, parse_train_options(words, options));
  if (arguments.help) return kExitOk;
  const bool starts_ranks = options.processes > 1 && !is_local_rank();
  if (starts_ranks && !options.dry_run && options.taylor.empty())
    return local_ranks(static_cast<int>(options.processes), words);
  train::keep_freed_memory();
  if (!options.taylor.empty()) return write_taylor_file(options);
  if (!options.dry_run) return run_of(options);
  const int threads = training_threads(options);
  train::set_threads(threads);
  SHRIKE_ASSIGN(const StartingNetwork network, planned_network(options, threads));
  return show_dry_run(network.training, network.source, threads, options.json);
}

}  // namespace shrike
