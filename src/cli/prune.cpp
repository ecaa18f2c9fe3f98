// shrike prune: a model with fewer channels, and what training gives back.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/temporary.h"
#include "cli/commands.h"
#include "cli/dataset_option.h"
#include "cli/exit_code.h"
#include "cli/float_model.h"
#include "cli/interrupt.h"
#include "cli/judged_pictures.h"
#include "cli/judgement_text.h"
#include "cli/out_folder.h"
#include "cli/overwriting.h"
#include "cli/prune_options.h"
#include "cli/prune_report.h"
#include "cli/taylor_scores.h"
#include "cli/terminal.h"
#include "cli/training_program.h"
#include "data/picture_folder.h"
#include "formats/json.h"
#include "formats/onnx_writer.h"
#include "prune/select_by_time.h"
#include "prune/zero_blocks.h"
#include "quantize/network.h"
#include "quantize/place.h"
#include "report/number.h"
#include "validate/class_map.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

// Parts of the network that could not be followed: heads and outputs must stay, and are no news.
void tell_whole(const Graph& network, const PruneOutcome& outcome) {
  for (const Whole& part : outcome.whole) {
    const bool ends = part.node < 0 || std::holds_alternative<Head>(
                                           network.nodes[static_cast<size_t>(part.node)].op);
    if (!ends)
      say(printable(std::to_string(part.channels) + " channels stay whole for " +
                    describe_whole(network, part)));
  }
}

void tell_latency(const PruneOptions& options, const PruneOutcome& outcome, double ms) {
  if (options.budget != PruneBudget::kLatency) return;
  if (outcome.removed == 0 && ms < options.value) return;  // it was fast enough
  if (std::abs(ms - options.value) <= kNearWish * options.value) return;
  say("the network takes " + fixed(ms, 2) + " ms, not " + fixed(options.value, 2) +
      (ms < options.value ? ": no pruning lies nearer, or the machine was slower while channels "
                            "were chosen"
                          : ": the machine was faster while channels were chosen"));
}

Result<PruneOutcome> prune_once(const PruneCommand& o, const FloatModel& model,
                                PruneOptions options, const fs::path& folder) {
  if (o.unstructured) return zero_blocks(model.network, options);
  // Those of the file: they are folded in what is pruned.
  if (options.importance == Importance::kNorm) options.measured = norm_scales(model.graph);
  if (options.importance == Importance::kTaylor) {
    const TaylorOptions taylor{o.validation.data, o.validation.pictures, o.holdout, options.seed,
                               o.threads};
    SHRIKE_ASSIGN(options.measured, taylor_scores(model, taylor, folder));
  }
  Result<PruneOutcome> outcome = prune(model.network, options);
  if (!outcome && options.budget == PruneBudget::kLatency && interrupted() == 0)
    return in_context("--latency " + Json(options.value).dump(), outcome.error());
  return outcome;
}

// Without training. The bytes to write.
Result<std::string> prune_alone(const PruneCommand& o, const FloatModel& model,
                                const ChangeJudge& judge, PruneReport& report) {
  std::optional<TemporaryFolder> folder;
  if (o.prune.importance == Importance::kTaylor) {
    SHRIKE_TRY(check_reachable(model, o.prune, o.unstructured));
    SHRIKE_ASSIGN(TemporaryFolder made,
                  TemporaryFolder::create_in(fs::absolute(o.out).parent_path()));
    folder.emplace(std::move(made));
  }
  const fs::path files = folder ? folder->path() : fs::path();
  Result<PruneOutcome> outcome = prune_once(o, model, o.prune, files);
  if (!outcome) return in_context("prune " + model.source, outcome.error());
  report.outcome = *std::move(outcome);
  SHRIKE_ASSIGN(const Graph saved, network_to_save(report.outcome.graph));
  SHRIKE_ASSIGN(std::string bytes, write_onnx(saved, {.opset = opset_for(saved)}));
  report.bytes_after = bytes.size();
  SHRIKE_ASSIGN(report.judgement, judge.judge(saved));
  SHRIKE_ASSIGN(report.ms_before, o.prune.latency(model.network));
  SHRIKE_ASSIGN(report.ms_after, o.prune.latency(report.outcome.graph));
  return bytes;
}

// With training. The bytes to write.
Result<std::string> prune_and_train(const PruneCommand& o, const FloatModel& model,
                                    const ChangeJudge& judge, PruneReport& report) {
  const RecoveryOptions recovery = recovery_options(o);
  const PruneStep step = [&](const FloatModel& now, const PruneOptions& options,
                             const fs::path& folder) {
    return prune_once(o, now, options, folder);
  };
  SHRIKE_ASSIGN(Recovered done, prune_and_recover(model, o.prune, step, recovery));
  const fs::path file = done.recovered.source;
  SHRIKE_ASSIGN(std::string bytes, read_text(file, ErrorKind::kRuntime));
  if (o.unstructured) {
    // Blocks that are zero, in the end as after each step.
    PruneOptions nothing = o.prune;
    nothing.budget = PruneBudget::kRatio;
    nothing.value = 0;
    nothing.protect.clear();
    SHRIKE_ASSIGN(report.outcome, zero_blocks(done.recovered.network, nothing));
  } else {
    report.outcome = compared(model.network, done.recovered.network);
  }
  report.bytes_after = done.pruned.bytes;
  SHRIKE_ASSIGN(report.judgement, judge.judge(done.pruned.graph));
  RecoveryReport& after = report.recovery.emplace();
  after.epochs = recovery.epochs, after.steps = recovery.steps;
  after.folder = recovery.folder.string();
  after.bytes = bytes.size();
  SHRIKE_ASSIGN(after.judgement, judge.judge(done.recovered.graph));
  SHRIKE_ASSIGN(report.ms_before, o.prune.latency(model.network));
  SHRIKE_ASSIGN(report.ms_after, o.prune.latency(done.pruned.network));
  SHRIKE_ASSIGN(after.ms, o.prune.latency(done.recovered.network));
  return bytes;
}

// Without --unlabeled an empty one.
Result<Dataset> open_unlabeled(const PruneCommand& o, const Dataset& data) {
  if (o.unlabeled.empty()) return Dataset();
  Result<Dataset> unlabeled =
      open_picture_folder(o.unlabeled, data.names, validation_threads(o.threads));
  if (!unlabeled) return in_context("--unlabeled", unlabeled.error());
  return unlabeled;
}

// "; the first that differs is 'brokkoli' for 'broccoli'"; nothing of lists of which one is longer.
std::string first_difference(const std::vector<std::string>& names,
                             const std::vector<std::string>& wanted) {
  for (size_t i = 0; i < std::min(names.size(), wanted.size()); ++i)
    if (names[i] != wanted[i])
      return "; the first that differs is " + in_quotes(names[i]) + " for " + in_quotes(wanted[i]);
  return "";
}

// What training, or its numbers for Taylor, would find out late: a new head is made for other
// classes or another order, and the folder's first files are written before it looks where they
// lie.
Result<void> check_training_set(const PruneCommand& o, const FloatModel& model,
                                const Dataset& data) {
  if (o.epochs > 0) {
    const auto split = [&](const char* name) {
      return open_dataset(o.validation.data,
                          {name, o.validation.pictures, validation_threads(o.threads), false});
    };
    SHRIKE_ASSIGN(const Dataset train, split("train"));
    std::optional<Dataset> val;  // which chooses the best epoch, where nothing is held out
    if (o.holdout == 0) {
      SHRIKE_ASSIGN(val, split("val"));
    }
    SHRIKE_ASSIGN(const Dataset unlabeled, open_unlabeled(o, data));
    SHRIKE_TRY(check_out_folder(recovery_options(o).folder, {&data, &train, val ? &*val : &train},
                                unlabeled));
    // Training tells of the pictures that choose its best epoch.
    const bool told = data.split == "val" && o.holdout == 0;
    if (!o.unlabeled.empty() && !told) tell_judged_pictures(unlabeled, data);
  }
  if (model.names == data.names) return {};
  return input_error(
      std::string(o.epochs > 0 ? "--epochs: " : "--importance taylor: ") + shown_path(data.source) +
      " has " + shown_names(data.names) + ", " + printable(model.source) + " has " +
      shown_names(model.names) + first_difference(data.names, model.names) +
      ": training wants the model's classes in the model's order, or it begins a new head");
}

Result<int> prune_and_tell(const PruneCommand& o, const FloatModel& model, Dataset data) {
  PruneReport report;
  report.model = model.source, report.file = o.out, report.data = describe(data);
  report.importance = o.importance, report.unstructured = o.unstructured;
  report.bytes_before = model.bytes;
  SHRIKE_ASSIGN(const ChangeJudge judge,
                ChangeJudge::create(model.graph, model.source, std::move(data), o.validation,
                                    validation_threads(o.threads)));
  report.own_truth = judge.own_truth();
  const auto work = o.epochs > 0 ? prune_and_train : prune_alone;
  SHRIKE_ASSIGN(const std::string bytes, work(o, model, judge, report));
  tell_whole(model.network, report.outcome);
  if (interrupted() != 0) return runtime_error("ended early");
  tell_latency(o.prune, report.outcome, report.recovery ? report.recovery->ms : report.ms_after);
  SHRIKE_TRY(write_file(o.out, bytes));
  const std::string text = o.json ? prune_json(model.network, report) : prune_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  tell_unjudged(report.judgement);
  say("wrote " + printable(o.out));
  return kExitOk;
}

}  // namespace

Result<int> prune_command(const Words& words) {
  SHRIKE_ASSIGN(const std::optional<PruneCommand> parsed, parse_prune_options(words));
  if (!parsed) return kExitOk;
  const PruneCommand& o = *parsed;
  SHRIKE_TRY(check_place(o.out));
  if (o.epochs > 0 || o.prune.importance == Importance::kTaylor) SHRIKE_TRY(training_program());
  SHRIKE_ASSIGN(const FloatModel model, load_float_model({o.model, o.size, o.names_file, o.out}));
  SHRIKE_ASSIGN(Dataset data, open_validation_data(o.validation, validation_threads(o.threads)));
  SHRIKE_TRY(check_not_input(o.out, data));
  if (o.epochs > 0 || o.prune.importance == Importance::kTaylor)
    SHRIKE_TRY(check_training_set(o, model, data));
  const CatchInterrupts caught;
  const Result<int> code = prune_and_tell(o, model, std::move(data));
  if (!code && interrupted() != 0) {
    if (o.epochs > 0) say("prune was ended: the same command goes on where it was");
    return exit_code_of_signal(interrupted());
  }
  return code;
}

}  // namespace shrike
