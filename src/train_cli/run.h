// Run: the loop of a training run, between its trainer and its folder.
//
//   batch -> step -> ... -> end of the epoch: judged, saved, a row of results.csv
//
// A checkpoint is written at the start, then with the batch behind which options.save_seconds have
// passed, when a signal asks for the end, and at the end. It holds all that the next batch depends
// on (RunState, Trainer::tensors()).
//
// Of several ranks each learns from its share of every batch; the first one alone writes and shows.
// What they do next (go on, save, end, go back) is decided together before each step.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <set>

#include "checkpoint/checkpoint.h"
#include "formats/event_file.h"
#include "train_cli/batch_clock.h"
#include "train_cli/network_state.h"
#include "train_cli/progress.h"
#include "train_cli/ranks.h"
#include "train_cli/results_table.h"
#include "train_cli/run_data.h"
#include "train_cli/run_folder.h"
#include "train_cli/run_settings.h"
#include "train_cli/run_state.h"
#include "train_cli/saved_model.h"
#include "validate/tally.h"

namespace shrike {

// Losses, and outputs on val, that were not finite: so often a run goes back, each time to rates that
// much lower.
inline constexpr int64_t kMostReturns = 3;
inline constexpr double kSlower = 0.25;

inline constexpr double kBelowAll = -1;  // the score of no file: that of the next epoch is better

class Run {
 public:
  // Borrows options, data, settings and ranks. `network`: the trainer's. `state`: that of a
  // checkpoint the trainer was given, or nothing.
  static Result<Run> create(const TrainOptions& options, const RunData& data,
                            const RunSettings& settings, Ranks& ranks, train::Trainer trainer,
                            NetworkState network, const std::optional<RunState>& state);

  // To the end, or until a signal to one of the ranks: the exit code, on each of them. Errors: kInput
  // where no picture can be read, and where a run that is at its end has lost a model for good;
  // kRuntime for the machine, for losses or outputs that stay infinite or no numbers, and where a rank
  // is gone.
  Result<int> go();

 private:
  using Clock = std::chrono::steady_clock;

  Run(const TrainOptions& options, const RunData& data, const RunSettings& settings, Ranks& ranks,
      train::Trainer trainer, NetworkState network);

  // What all do next.
  struct Decision {
    int signal = 0;  // to end by; 0: none
    bool save = false;
  };
  Result<Decision> decide() const;
  // On all together: who waits for what the first one writes notices a moment later that it is there.
  Result<void> start_batch_clock();

  // At `state`, or at the beginning.
  Result<void> open_loaders(const RunState* state);
  // After the last epoch, or so long after the best one that the run ends early.
  bool is_over() const;
  // With the pictures that have no labels.
  Result<const Batch*> next_batch();
  Result<void> show_batch(const Batch& batch);
  void tell_left_out();
  // Pictures of val that could be read before; once each.
  void tell_lost(const Validation& validation);
  void tell_teacher_trouble() const;
  // False where the loss was not finite.
  Result<bool> learn_from(const Batch& batch);
  // What a run with --qat begins with is best.onnx until an epoch is better.
  Result<void> judge_start();
  bool begun_with_best() const { return state_.best_epoch < 0 && !state_.best_scores.empty(); }
  // As it is judged and saved, with integers where it learns in them.
  Result<Graph> averaged_network() const;
  // What was not finite, so that nothing is written; empty where all was.
  Result<std::string> end_epoch();
  Result<void> write_epoch(const Graph& average, const Scores& scores, bool best);
  SavedNorms saved_norms() const;
  EpochRow row_of(const Scores& scores) const;
  Result<void> add_events(const EpochRow& row);
  double seconds() const;
  // False where what is learned is not all finite: it takes no good checkpoint's place, and nothing is
  // written.
  Result<bool> save_checkpoint();
  // With lower rates, from a batch of this epoch, in which `what` ("the loss is") not finite.
  Result<void> go_back(const std::string& what, int64_t epoch);
  Result<FoundCheckpoint> checkpoint_to_go_back_to() const;
  // What of the folder was written behind it is forgotten, and that is said.
  void back_to(const RunState& before, const std::string& why);
  // Of a run that goes on: files that are not there any more, or not as they were written, are made
  // again where that can be, and what is lost is said.
  Result<void> restore_files();
  Result<void> restore_results() const;
  // Whether a model is what `digest` says, or was made again. `epoch`: its; `same`: it is that of the
  // last epoch; `then`: what takes its place otherwise.
  Result<bool> restored_model(const std::filesystem::path& file, std::string& digest, int64_t epoch,
                              bool same, const std::string& then);
  bool last_is_best() const;
  // After the last checkpoint; the exit code of a signal.
  Result<int> end();
  int ended_by(int signal) const;
  Json summary() const;

  const TrainOptions& options_;
  const RunData& data_;
  const RunSettings& settings_;
  Ranks& ranks_;
  train::Trainer trainer_;
  std::unique_ptr<Loader> loader_;
  std::unique_ptr<Loader> unlabeled_;  // null: every picture has labels
  Batch mixed_;
  size_t labelled_ = 0;  // of the batch at hand the first pictures
  RunFolder folder_;
  CheckpointFolder checkpoints_;
  ResultsTable table_;
  std::unique_ptr<Progress> progress_;
  NetworkState network_;  // as every checkpoint has it
  std::set<std::filesystem::path> unread_;  // of val, told
  std::optional<EventFile> events_;  // from the first epoch on that this program ends
  RunState state_;  // but for trainer and loader, which know their own place
  BatchClock batch_clock_;
  Clock::time_point start_ = Clock::now(), saved_ = start_;
  double seconds_before_ = 0;
};

}  // namespace shrike
