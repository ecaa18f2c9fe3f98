#include "cli/prune_recovery.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "cli/recovery_folder.h"
#include "cli/terminal.h"
#include "cli/training_program.h"
#include "formats/onnx_writer.h"
#include "prune/zero_blocks.h"
#include "quantize/network.h"
#include "quantize/place.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Result<std::string> onnx_of(const Graph& network) {
  SHRIKE_ASSIGN(const Graph saved, network_to_save(network));
  return write_onnx(saved, {.opset = opset_for(saved)});
}

Result<FloatModel> load(const fs::path& path) {
  return load_float_model({{path.string(), ""}, "", "", ""});
}

Json asked(const RecoveryOptions& o) {
  Json json = o.wish;
  json["data"] = o.data;
  json["pictures"] = o.pictures;
  json["epochs"] = o.epochs;
  json["steps"] = o.steps;
  json["seed"] = o.seed;
  json["teacher"] = o.teacher;
  json["train"] = o.train;
  return json;
}

// Trains the step's pruned.onnx; goes on with what was begun.
Result<void> train_step(const RecoveryOptions& o, int64_t step) {
  const fs::path run = RecoveryFolder(o.folder).run(step);
  if (!is_there(run / "args.json")) return run_training(training_words(o, step));
  return run_training(resuming_words(o, step));
}

double share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<int64_t>(whole, 1));
}

// Of a step's network the share that may stay, where `stays` of the original may.
double share_of_now(PruneBudget budget, const Graph& original, const Graph& now, double stays) {
  const NetworkCost whole = cost_of(original), left = cost_of(now);
  if (budget == PruneBudget::kMacs) return stays / share(left.macs, whole.macs);
  if (budget == PruneBudget::kParameters) return stays / share(left.parameters, whole.parameters);
  return stays / share(removable_channels(now), removable_channels(original));
}

// A pruned network is far from where it was, and few pictures make few updates of train's 64.
constexpr const char* kPicturesAnUpdate = "16";

}  // namespace

Result<void> check_reachable(const FloatModel& model, PruneOptions options, bool zeros) {
  if (options.budget == PruneBudget::kLatency) return {};
  options.importance = Importance::kL1;
  const auto outcome = zeros ? zero_blocks(model.network, options) : prune(model.network, options);
  return outcome ? Result<void>() : in_context("prune " + model.source, outcome.error());
}

bool names_option(const std::vector<std::string>& words, const std::string& option) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == "--" + option || word.starts_with("--" + option + "=") ||
           word.starts_with(option + "=");
  });
}

std::vector<std::string> training_words(const RecoveryOptions& o, int64_t step) {
  const RecoveryFolder folder(o.folder);
  const int64_t epochs = o.epochs * step / o.steps - o.epochs * (step - 1) / o.steps;
  std::vector<std::string> words{
      "--model",  folder.pruned(step).string(), "--data", o.data,
      "--epochs", std::to_string(epochs),       "--seed", std::to_string(o.seed),
      "--out",    folder.run(step).string()};
  if (!o.pictures.empty()) words.insert(words.end(), {"--pictures", o.pictures});
  if (o.threads > 0) words.insert(words.end(), {"--threads", std::to_string(o.threads)});
  if (o.teacher) words.insert(words.end(), {"--teacher", folder.original().string()});
  if (o.zeros) words.push_back("--keep-zeros");
  if (!names_option(o.train, "nbs")) words.insert(words.end(), {"--nbs", kPicturesAnUpdate});
  words.insert(words.end(), o.train.begin(), o.train.end());
  return words;
}

std::vector<std::string> resuming_words(const RecoveryOptions& o, int64_t step) {
  std::vector<std::string> words{"--resume", RecoveryFolder(o.folder).run(step).string()};
  if (o.threads > 0) words.insert(words.end(), {"--threads", std::to_string(o.threads)});
  if (o.processes > 1) words.insert(words.end(), {"--nproc", std::to_string(o.processes)});
  return words;
}

PruneOptions step_options(const PruneOptions& options, int64_t step, int64_t steps,
                          const Graph& original, const Graph& now, double ms, bool zeros) {
  PruneOptions mine = options;
  const double part = static_cast<double>(step) / static_cast<double>(steps);
  if (options.budget == PruneBudget::kLatency) {
    if (options.value < ms) mine.value = ms * std::pow(options.value / ms, part);
  } else {
    const bool ratio = options.budget == PruneBudget::kRatio;
    double stays = std::pow(ratio ? 1 - options.value : options.value, part);
    if (!zeros) stays = std::min(share_of_now(options.budget, original, now, stays), 1.0);
    mine.value = ratio ? 1 - stays : stays;
  }
  if (!zeros) mine.original = &original;
  return mine;
}

Result<Recovered> prune_and_recover(const FloatModel& model, const PruneOptions& options,
                                    const PruneStep& prune, const RecoveryOptions& o) {
  SHRIKE_TRY(check_reachable(model, options, o.zeros));
  SHRIKE_ASSIGN(const std::string original, onnx_of(model.network));
  const RecoveryFolder folder(o.folder);
  SHRIKE_ASSIGN(const FolderLock alone, folder.open(asked(o), o.budgets, original));
  double ms = 0;
  if (options.budget == PruneBudget::kLatency) {
    SHRIKE_ASSIGN(ms, options.latency(model.network));
  }
  FloatModel now = model;
  for (int64_t step = 1; step <= o.steps; ++step) {
    if (!is_there(folder.recovered(step))) {
      SHRIKE_TRY(make_folders(folder.step(step)));
      if (!is_there(folder.pruned(step))) {
        const PruneOptions mine =
            step_options(options, step, o.steps, model.network, now.network, ms, o.zeros);
        const Result<PruneOutcome> outcome = prune(now, mine, folder.step(step));
        if (!outcome) return in_context("prune " + model.source, outcome.error());
        SHRIKE_ASSIGN(const std::string bytes, onnx_of(outcome->graph));
        SHRIKE_TRY(write_file(folder.pruned(step), bytes));
      }
      if (o.steps > 1) say("step " + std::to_string(step) + " of " + std::to_string(o.steps));
      SHRIKE_TRY(train_step(o, step));
      SHRIKE_ASSIGN(const std::string best,
                    read_text(folder.run(step) / "best.onnx", ErrorKind::kRuntime));
      SHRIKE_TRY(write_file(folder.recovered(step), best));
    }
    SHRIKE_ASSIGN(now, load(folder.recovered(step)));
  }
  SHRIKE_ASSIGN(FloatModel pruned, load(folder.pruned(o.steps)));
  return Recovered{std::move(pruned), std::move(now)};
}

}  // namespace shrike
