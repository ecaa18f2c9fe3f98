#include "cli/prune_recovery.h"

#include <algorithm>
#include <cmath>

#include "base/excerpt.h"
#include "base/file.h"
#include "cli/terminal.h"
#include "cli/training_program.h"
#include "formats/onnx_writer.h"
#include "prune/zero_blocks.h"
#include "quantize/network.h"
#include "quantize/place.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

fs::path step_folder(const RecoveryOptions& o, int64_t step) {
  return o.folder / ("step-" + std::to_string(step));
}

fs::path original_file(const RecoveryOptions& o) { return o.folder / "original.onnx"; }

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

bool has_steps(const fs::path& folder) {
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, none))
    if (entry.path().filename().string().starts_with("step-")) return true;
  return false;
}

// A folder that is new, or that this very command began: the note is its first file.
Result<void> open_folder(const RecoveryOptions& o, const std::string& original) {
  const fs::path note = o.folder / "recovery.json", teacher = original_file(o);
  const std::string text = dump_json(asked(o), 2) + "\n";
  const auto refused = [&](const std::string& why) {
    return usage_error("--out " + shown_path(o.folder) + ": " + why +
                       "; name another folder, or remove that folder");
  };
  const bool begun = is_there(note), taught = is_there(teacher), stepped = has_steps(o.folder);
  if (begun) {
    SHRIKE_ASSIGN(const std::string before, read_text(note, ErrorKind::kInput));
    std::string model;
    if (taught) {
      SHRIKE_ASSIGN(model, read_text(teacher, ErrorKind::kInput));
    }
    if (before != text || (taught ? model != original : stepped))
      return refused("another pruning lies there, which its recovery.json describes");
  } else if (taught || stepped) {
    return refused("files of a pruning lie there, and no recovery.json that says of which");
  } else {
    SHRIKE_TRY(make_folders(o.folder));
    SHRIKE_TRY(write_file(note, text));
  }
  return taught ? Result<void>() : write_file(teacher, original);
}

// Whether one step could come to what is wished, whatever channels are worth: several come to no
// more, and the last would say so after hours. Nothing is known of milliseconds.
Result<void> check_reachable(const FloatModel& model, PruneOptions options, bool zeros) {
  if (options.budget == PruneBudget::kLatency) return {};
  options.importance = Importance::kL1;
  const auto outcome = zeros ? zero_blocks(model.network, options) : prune(model.network, options);
  return outcome ? Result<void>() : in_context("prune " + model.source, outcome.error());
}

// Trains the step's pruned.onnx; goes on with what was begun.
Result<void> train_step(const RecoveryOptions& o, int64_t step) {
  const fs::path run = step_folder(o, step) / "run";
  if (!is_there(run / "args.json")) return run_training(training_words(o, step));
  std::vector<std::string> words{"--resume", run.string()};
  if (o.threads > 0) words.insert(words.end(), {"--threads", std::to_string(o.threads)});
  return run_training(std::move(words));
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

bool names_option(const std::vector<std::string>& words, const std::string& option) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == "--" + option || word.starts_with("--" + option + "=") ||
           word.starts_with(option + "=");
  });
}

std::vector<std::string> training_words(const RecoveryOptions& o, int64_t step) {
  const fs::path folder = step_folder(o, step);
  const int64_t epochs = o.epochs * step / o.steps - o.epochs * (step - 1) / o.steps;
  std::vector<std::string> words{"--model",  (folder / "pruned.onnx").string(),
                                 "--data",   o.data,
                                 "--epochs", std::to_string(epochs),
                                 "--seed",   std::to_string(o.seed),
                                 "--out",    (folder / "run").string()};
  if (!o.pictures.empty()) words.insert(words.end(), {"--pictures", o.pictures});
  if (o.threads > 0) words.insert(words.end(), {"--threads", std::to_string(o.threads)});
  if (o.teacher) words.insert(words.end(), {"--teacher", original_file(o).string()});
  if (o.zeros) words.push_back("--keep-zeros");
  if (!names_option(o.train, "nbs")) words.insert(words.end(), {"--nbs", kPicturesAnUpdate});
  words.insert(words.end(), o.train.begin(), o.train.end());
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
  SHRIKE_TRY(open_folder(o, original));
  double ms = 0;
  if (options.budget == PruneBudget::kLatency) {
    SHRIKE_ASSIGN(ms, options.latency(model.network));
  }
  FloatModel now = model;
  for (int64_t step = 1; step <= o.steps; ++step) {
    const fs::path folder = step_folder(o, step), pruned = folder / "pruned.onnx",
                   recovered = folder / "recovered.onnx";
    if (!is_there(recovered)) {
      SHRIKE_TRY(make_folders(folder));
      if (!is_there(pruned)) {
        const PruneOptions mine =
            step_options(options, step, o.steps, model.network, now.network, ms, o.zeros);
        const Result<PruneOutcome> outcome = prune(now, mine, folder);
        if (!outcome) return in_context("prune " + model.source, outcome.error());
        SHRIKE_ASSIGN(const std::string bytes, onnx_of(outcome->graph));
        SHRIKE_TRY(write_file(pruned, bytes));
      }
      if (o.steps > 1) say("step " + std::to_string(step) + " of " + std::to_string(o.steps));
      SHRIKE_TRY(train_step(o, step));
      SHRIKE_ASSIGN(const std::string best,
                    read_text(folder / "run" / "best.onnx", ErrorKind::kRuntime));
      SHRIKE_TRY(write_file(recovered, best));
    }
    SHRIKE_ASSIGN(now, load(recovered));
  }
  SHRIKE_ASSIGN(FloatModel pruned, load(step_folder(o, o.steps) / "pruned.onnx"));
  return Recovered{std::move(pruned), std::move(now)};
}

}  // namespace shrike
