#include "train_cli/run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <span>

#include "augment/batch_page.h"
#include "base/durable_file.h"
#include "base/excerpt.h"
#include "base/finite.h"
#include "base/sha256.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/process_memory.h"
#include "cli/terminal.h"
#include "cli/training_program.h"
#include "ir/finite_weights.h"
#include "quantize/learned.h"
#include "train_cli/curves.h"
#include "train_cli/final_report.h"
#include "train_cli/judge_together.h"
#include "train_cli/mixed_batch.h"

namespace shrike {

namespace {

constexpr const char* kLearned = "what is learned is";  // not finite

// As a shell takes it.
std::string shell_word(const std::string& text) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Run::Run(const TrainOptions& options, const RunData& data, const RunSettings& settings,
         Ranks& ranks, train::Trainer trainer, NetworkState network)
    : options_(options),
      data_(data),
      settings_(settings),
      ranks_(ranks),
      trainer_(std::move(trainer)),
      folder_(options.out),
      checkpoints_(folder_.checkpoints()),
      table_(trainer_.loss_names()),
      network_(std::move(network)),
      unread_(data.unread) {}

Result<Run> Run::create(const TrainOptions& options, const RunData& data,
                        const RunSettings& settings, Ranks& ranks, train::Trainer trainer,
                        NetworkState network, const std::optional<RunState>& state) {
  Run run(options, data, settings, ranks, std::move(trainer), std::move(network));
  SHRIKE_TRY(run.open_loaders(state ? &*state : nullptr));
  if (state) {
    run.state_ = *state;
    run.seconds_before_ = state->seconds;
    run.table_.set_rows(state->rows);
  }
  run.progress_ = std::make_unique<Progress>(
      run.trainer_.loss_names(), options.epochs, run.state_.epochs_done,
      ranks.first() && stderr_is_terminal() ? stderr : nullptr,
      options.json ? stderr : stdout);
  return run;
}

Result<void> Run::open_loaders(const RunState* state) {
  const auto open = [&](const Dataset& dataset, const LoaderOptions& options,
                        const LoaderState RunState::*place) {
    return Loader::create(dataset, options, state ? std::optional(state->*place) : std::nullopt);
  };
  SHRIKE_ASSIGN(loader_, open(data_.train, settings_.loader, &RunState::loader));
  if (settings_.unlabeled) {
    SHRIKE_ASSIGN(unlabeled_, open(data_.unlabeled, *settings_.unlabeled, &RunState::unlabeled));
  }
  return {};
}

Result<int> Run::go() {
  if (trainer_.place().batches == 0) {
    if (!options_.qat.empty() && state_.best_scores.empty()) SHRIKE_TRY(judge_start());
    SHRIKE_TRY(save_checkpoint());
  }
  SHRIKE_TRY(restore_files());
  SHRIKE_TRY(start_batch_clock());
  while (true) {
    if (loader_->state().epoch > state_.epochs_done) {
      SHRIKE_ASSIGN(const std::string spoilt, end_epoch());
      if (!spoilt.empty()) {
        SHRIKE_TRY(go_back(spoilt, state_.epochs_done));
        continue;
      }
      SHRIKE_TRY(start_batch_clock());
    }
    SHRIKE_ASSIGN(const Decision decision, decide());
    if (decision.signal != 0) {
      progress_->clear();
      SHRIKE_ASSIGN(const bool saved, save_checkpoint());
      if (!saved && ranks_.first())
        say("what is learned is not finite any more: no checkpoint of it is written");
      return ended_by(decision.signal);
    }
    const bool over = is_over();
    if (over || decision.save) {
      SHRIKE_ASSIGN(const bool saved, save_checkpoint());
      if (!saved) {
        SHRIKE_TRY(go_back(kLearned,
                           (trainer_.place().batches - 1) / loader_->batches()));
        continue;
      }
    }
    if (over) return end();
    SHRIKE_ASSIGN(const Batch* batch, next_batch());
    tell_left_out();
    SHRIKE_TRY(show_batch(*batch));
    SHRIKE_ASSIGN(const bool finite, learn_from(*batch));
    tell_teacher_trouble();
    if (!finite) SHRIKE_TRY(go_back("the loss is", batch->epoch));
  }
}

Result<void> Run::start_batch_clock() {
  SHRIKE_TRY(ranks_.largest({0}));
  batch_clock_.start();
  return {};
}

Result<Run::Decision> Run::decide() const {
  const bool save = seconds_since(saved_) >= static_cast<double>(options_.save_seconds);
  SHRIKE_ASSIGN(const std::vector<double> all,
                ranks_.largest({static_cast<double>(interrupted()), save ? 1.0 : 0.0}));
  return Decision{static_cast<int>(all[0]), all[1] > 0};
}

bool Run::is_over() const {
  if (loader_->finished()) return true;
  return options_.patience > 0 && state_.epochs_done > 0 &&
         state_.epochs_done - 1 - state_.best_epoch >= options_.patience;
}

Result<void> Run::show_batch(const Batch& batch) {
  const bool shown = ranks_.first() && batch.epoch == 0 && batch.index < RunFolder::kPages;
  if (!shown || batch.pictures() == 0) return {};  // this rank's share of a last one may be none
  const BatchClock::LeftOut left_out(batch_clock_);
  return write_batch_page(folder_.page(batch.index), batch, data_.train.names);
}

Result<const Batch*> Run::next_batch() {
  SHRIKE_ASSIGN(const Batch* batch, loader_->next());
  labelled_ = batch->pictures();
  if (!unlabeled_) return batch;
  SHRIKE_ASSIGN(const Batch* others, unlabeled_->next());
  mix(*batch, *others, mixed_);
  return &mixed_;
}

void Run::tell_left_out() {
  for (Loader* loader : {loader_.get(), unlabeled_.get()}) {
    if (!loader) continue;
    for (const Finding& finding : loader->take_findings()) {
      progress_->clear();
      say(printable("left out: " + finding_text(finding)));
    }
  }
}

void Run::tell_lost(const Validation& validation) {
  bool any = false;
  for (const SkippedPicture& skipped : validation.skipped) {
    if (!unread_.insert(data_.val.samples[skipped.sample].picture).second) continue;
    progress_->clear();
    say(printable("left out: " + skipped.reason));
    any = true;
  }
  if (any)
    say("epoch " + std::to_string(state_.epochs_done + 1) + " is judged by " +
        std::to_string(validation.scored.size()) + " of the " +
        std::to_string(data_.val.samples.size()) +
        " pictures of val: its scores, and which epoch is best, do not compare with those before");
}

void Run::tell_teacher_trouble() const {
  if (!settings_.trainer.distillation) return;
  const std::string trouble = settings_.trainer.distillation->teacher->take_trouble();
  if (trouble.empty()) return;
  progress_->clear();
  say(printable(trouble) + "; nothing more is kept of what the teacher says (--teacher-cache-mb)");
}

Result<bool> Run::learn_from(const Batch& batch) {
  state_.rate = trainer_.rates().weights;
  SHRIKE_ASSIGN(const train::StepReport report, trainer_.step(batch, labelled_));
  if (!report.finite) return false;
  state_.sums.add(report.parts, report.pictures, batch_clock_.take(), batch.waited);
  if (!ranks_.first()) return true;
  progress_->batch({batch.epoch + 1, batch.index + 1, loader_->batches(), state_.sums.mean_losses(),
                    state_.sums.images_per_second(), state_.sums.waited_share(), peak_rss_mb()});
  return true;
}

Result<Graph> Run::averaged_network() const {
  SHRIKE_ASSIGN(Graph graph, trainer_.average());
  SHRIKE_TRY(store_integers(graph));
  return graph;
}

Result<std::string> Run::end_epoch() {
  SHRIKE_ASSIGN(const Graph average, averaged_network());
  SHRIKE_ASSIGN(const std::vector<double> spoilt,
                ranks_.largest({check_finite_weights(average) ? 0.0 : 1.0}));
  if (spoilt[0] > 0) return std::string(kLearned);  // no detector takes it
  SHRIKE_ASSIGN(const std::optional<Validation> validation,
                judge_together(ranks_, average, data_.val, settings_.loader.threads + 1));
  if (!validation) return std::string();  // a signal: it is judged when the run goes on
  tell_lost(*validation);
  // The first rank alone has scores and counts: neither is less than 0.
  SHRIKE_ASSIGN(
      const std::vector<double> score,
      ranks_.largest({fitness(validation->scores), static_cast<double>(validation->not_finite)}));
  if (score[1] > 0) return std::string("what the network says of val is");
  const bool first = state_.best_epoch < 0 && options_.qat.empty();
  const bool best = first || score[0] > state_.best_fitness;
  if (best) {
    state_.best_fitness = score[0];
    state_.best_epoch = state_.epochs_done;
  }
  SHRIKE_TRY(ranks_.by_first([&] { return write_epoch(average, validation->scores, best); }));
  ++state_.epochs_done;
  state_.sums = {};
  return std::string();
}

// What learns in integers begins with a network that is whole: epochs have to be better than it.
Result<void> Run::judge_start() {
  SHRIKE_ASSIGN(const Graph start, averaged_network());
  SHRIKE_ASSIGN(const std::optional<Validation> validation,
                judge_together(ranks_, start, data_.val, settings_.loader.threads + 1));
  if (!validation) return {};  // a signal: it is judged when the run goes on
  const EpochRow row = row_of(validation->scores);
  // kBestColumns, which the first rank alone knows; and what was not finite.
  SHRIKE_ASSIGN(std::vector<double> scores,
                ranks_.largest({row.map50_95, row.map50, row.precision, row.recall,
                                static_cast<double>(validation->not_finite)}));
  state_.best_fitness = kBelowAll;
  if (scores.back() > 0) return {};
  scores.pop_back();
  state_.best_fitness = scores[0];
  state_.best_scores = std::move(scores);
  return ranks_.by_first([&]() -> Result<void> {
    SHRIKE_ASSIGN(const std::string file, trained_file(start, saved_norms()));
    state_.best_file = state_.last_file = sha256_hex(std::as_bytes(std::span(file)));
    SHRIKE_TRY(write_durable_file(folder_.best(), file));
    SHRIKE_TRY(write_durable_file(folder_.last(), file));
    char text[80];
    std::snprintf(text, sizeof text, "before the first epoch, in integers: AP %.4f", row.map50_95);
    say(text);
    return {};
  });
}

Result<void> Run::write_epoch(const Graph& average, const Scores& scores, bool best) {
  SHRIKE_ASSIGN(const std::string file, trained_file(average, saved_norms()));
  state_.last_file = sha256_hex(std::as_bytes(std::span(file)));
  if (best) {
    SHRIKE_TRY(write_durable_file(folder_.best(), file));
    state_.best_file = state_.last_file;
  }
  SHRIKE_TRY(write_durable_file(folder_.last(), file));
  const EpochRow row = row_of(scores);
  table_.add(row);
  if (best) {
    state_.best_scores.clear();
    for (const char* name : kBestColumns) state_.best_scores.push_back(table_.column(name).back());
  }
  SHRIKE_TRY(table_.write(folder_.results()));
  if (options_.tensorboard) SHRIKE_TRY(add_events(row));
  progress_->epoch(row, best);
  return {};
}

SavedNorms Run::saved_norms() const {
  return options_.sparsity > 0 ? SavedNorms::kNodes : SavedNorms::kFolded;
}

EpochRow Run::row_of(const Scores& scores) const {
  EpochRow row;
  row.epoch = state_.epochs_done + 1;
  row.seconds = seconds();
  row.losses = state_.sums.mean_losses();
  row.rate = state_.rate;
  row.map50_95 = scores.summary.map50_95.value_or(0);
  row.map50 = scores.summary.map50.value_or(0);
  row.precision = scores.at_best.precision;
  row.recall = scores.at_best.recall;
  row.images_per_second = state_.sums.images_per_second();
  row.waited = state_.sums.waited_share();
  row.memory_mb = peak_rss_mb();
  return row;
}

Result<void> Run::add_events(const EpochRow& row) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (!events_) {
    SHRIKE_ASSIGN(events_, EventFile::create(folder_.path(), row.epoch, now));
  }
  std::vector<EventScalar> scalars;
  for (const auto& [name, value] : table_.numbers(row)) scalars.push_back({name, value});
  return events_->add(row.epoch, now, scalars);
}

double Run::seconds() const { return seconds_before_ + seconds_since(start_); }

Result<bool> Run::save_checkpoint() {
  const BatchClock::LeftOut left_out(batch_clock_);
  state_.id = settings_.id;
  state_.arguments = settings_.arguments;
  state_.judged = data_.judged;
  state_.trainer = trainer_.place();
  state_.loader = loader_->state();
  if (unlabeled_) state_.unlabeled = unlabeled_->state();
  state_.rows = table_.rows();
  state_.seconds = seconds();
  SHRIKE_TRY(trainer_.bring_gradients_to_first());
  bool finite = true;
  SHRIKE_TRY(ranks_.by_first([&]() -> Result<void> {
    std::vector<NamedTensor> tensors = trainer_.tensors();
    finite = std::all_of(tensors.begin(), tensors.end(),
                         [](const NamedTensor& named) { return all_finite(named.tensor); });
    if (!finite) return {};
    Json state = to_json(state_);
    state["network"] = network_.json();
    tensors.insert(tensors.end(), network_.tensors().begin(), network_.tensors().end());
    return checkpoints_.write({state_.trainer.batches, std::move(state), std::move(tensors)});
  }));
  saved_ = Clock::now();
  SHRIKE_ASSIGN(const std::vector<double> all, ranks_.largest({finite ? 0.0 : 1.0}));
  return all[0] == 0;
}

// The newest; where the run has come back to it before and got nowhere, the one before that: its
// weights may be what the losses come of.
Result<FoundCheckpoint> Run::checkpoint_to_go_back_to() const {
  SHRIKE_ASSIGN(FoundCheckpoint newest, checkpoints_.newest());
  if (!newest.checkpoint || newest.checkpoint->step != state_.returned_to) return newest;
  SHRIKE_ASSIGN(FoundCheckpoint before, checkpoints_.newest(state_.returned_to));
  if (!before.checkpoint) return newest;
  before.damaged.insert(before.damaged.begin(), newest.damaged.begin(), newest.damaged.end());
  return before;
}

Result<void> Run::go_back(const std::string& what, int64_t epoch) {
  const std::string why = what + " not finite in epoch " + std::to_string(epoch + 1);
  if (state_.returns == kMostReturns)
    return runtime_error(why + ", after " + std::to_string(kMostReturns) +
                         " returns to a checkpoint with lower rates; a lower --lr0 may help, or a "
                         "look at the labels (shrike data check)");
  const int64_t returns = state_.returns + 1;
  const auto newest = [&]() -> Result<std::string> {
    SHRIKE_ASSIGN(FoundCheckpoint found, checkpoint_to_go_back_to());
    if (!found.checkpoint) return runtime_error(why + ", and no checkpoint is whole");
    progress_->clear();
    for (const std::string& damaged : found.damaged)
      say(printable(damaged) + "; the one before is used");
    SHRIKE_ASSIGN(RunState before,
                  run_state_from(found.checkpoint->state, folder_.checkpoints().string()));
    before.returns = returns;
    before.returned_to = found.checkpoint->step;
    before.best_fitness = state_.best_fitness;  // best.onnx is what it is
    before.best_epoch = state_.best_epoch;
    before.best_scores = state_.best_scores;
    before.best_file = state_.best_file;
    before.last_file = state_.last_file;
    before.trainer.slower = std::pow(kSlower, static_cast<double>(returns));
    SHRIKE_TRY(trainer_.go_on_from(before.trainer, found.checkpoint->tensors));
    back_to(before, why);
    return dump_json(to_json(before));
  };
  SHRIKE_ASSIGN(const std::string state, ranks_.from_first(newest));
  SHRIKE_TRY(trainer_.take_from_first());
  SHRIKE_ASSIGN(const Json json, parse_json(state, "the state of rank 0"));
  SHRIKE_ASSIGN(state_, run_state_from(json, "the state of rank 0"));
  SHRIKE_TRY(open_loaders(&state_));
  SHRIKE_TRY(save_checkpoint());  // of the return; one that is not finite stays as it is
  batch_clock_.start();
  return {};
}

void Run::back_to(const RunState& before, const std::string& why) {
  table_.set_rows(before.rows);
  events_.reset();  // another begins at the epoch that is done again
  say(why + ": back to batch " + std::to_string(before.trainer.batches) + ", rates times " +
      std::to_string(before.trainer.slower));
}

Result<int> Run::end() {
  progress_->clear();
  if (!ranks_.first()) return kExitOk;  // the rest is told, which one does
  SHRIKE_TRY(write_curves(folder_.path(), "Training in " + folder_.path().string(), table_));
  const Result<void> reported = write_final_report(folder_, data_, settings_.loader.threads + 1);
  if (interrupted() != 0) return ended_by(interrupted());
  if (!reported) return reported.error();
  std::error_code kept;  // what can be done without
  if (!options_.teacher.empty()) std::filesystem::remove_all(folder_.teacher_cache(), kept);
  if (options_.json)
    std::printf("%s\n", dump_json(summary()).c_str());
  else
    std::printf("best epoch %lld, AP %.4f: %s\n", static_cast<long long>(state_.best_epoch + 1),
                state_.best_fitness, printable(folder_.best().string()).c_str());
  return kExitOk;
}

// Says how to go on, too, but where another command does.
int Run::ended_by(int signal) const {
  const LoaderState place = loader_->state();
  const bool between = place.batch_index == 0 && place.epoch > 0;
  const std::string how_to_go_on = is_part_of_a_command() ? ""
                                                          : "; go on with: shrike train --resume " +
                                                                shell_word(folder_.path().string());
  if (ranks_.first())
    say(printable("stopped at step " +
                  std::to_string(between ? loader_->batches() : place.batch_index) + " of epoch " +
                  std::to_string(between ? place.epoch : place.epoch + 1) + how_to_go_on));
  return exit_code_of_signal(signal);
}

// Scores as in `shrike val --json`, of the best epoch.
Json Run::summary() const {
  Json json = {{"model", folder_.best().string()},
               {"last", folder_.last().string()},
               {"epochs", state_.epochs_done},
               {"stopped_early", state_.epochs_done < options_.epochs},
               {"seconds", seconds()},
               {"best_epoch", state_.best_epoch + 1}};
  for (size_t i = 0; i < std::min(std::size(kBestColumns), state_.best_scores.size()); ++i)
    json[kBestColumns[i]] = state_.best_scores[i];
  return json;
}

}  // namespace shrike
