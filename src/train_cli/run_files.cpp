// Files of a run that goes on: somebody may have taken them away, or they may be damaged.
#include <filesystem>
#include <iterator>

#include "base/excerpt.h"
#include "base/durable_file.h"
#include "base/sha256.h"
#include "cli/terminal.h"
#include "train_cli/run.h"

namespace shrike {

namespace {

// What keeps a file from being the one that was written; empty where it is. One that cannot be read is an
// error: it may be whole.
Result<std::string> fault_of(const std::filesystem::path& file, const std::string& digest) {
  std::error_code unknown;
  if (!std::filesystem::exists(file, unknown) && !unknown) return std::string("is not there");
  SHRIKE_ASSIGN(const std::string found, sha256_of_file(file));
  if (found == digest) return std::string();
  return std::string(
      "is of an epoch that is done again, as after a kill, or it is damaged");
}

}  // namespace

Result<void> Run::restore_files() {
  if (state_.epochs_done == 0 && !begun_with_best()) return {};
  double lost = 0;
  const Result<void> restored_all = ranks_.by_first([&]() -> Result<void> {
    if (state_.epochs_done > 0) SHRIKE_TRY(restore_results());
    // Not from each other: a run that was killed has last.onnx of an epoch that its checkpoint does
    // not know.
    SHRIKE_TRY(restored_model(folder_.last(), state_.last_file, state_.epochs_done - 1, true,
                              "the next epoch writes it"));
    SHRIKE_ASSIGN(const bool restored,
                  restored_model(folder_.best(), state_.best_file, state_.best_epoch,
                                 last_is_best(),
                                 "the best of the epochs from here on takes its place"));
    lost = restored ? 0 : 1;
    return {};
  });
  SHRIKE_TRY(restored_all);
  SHRIKE_ASSIGN(const std::vector<double> all, ranks_.largest({lost}));
  if (all[0] == 0) return {};
  state_.best_fitness = kBelowAll;
  state_.best_scores.clear();
  return {};
}

Result<void> Run::restore_results() const {
  if (table_.is_in(folder_.results())) return {};
  std::error_code unknown;
  const bool there = std::filesystem::exists(folder_.results(), unknown) || unknown;
  say(shown_path(folder_.results()) +
      (there ? " has not the rows that the checkpoint has" : " is not there") +
      ": it is made again from the checkpoint");
  return table_.write(folder_.results());
}

Result<bool> Run::restored_model(const std::filesystem::path& file, std::string& digest,
                                 int64_t epoch, bool same, const std::string& then) {
  SHRIKE_ASSIGN(const std::string fault, fault_of(file, digest));
  if (fault.empty()) return true;
  const std::string what = shown_path(file) + " " + fault;
  // At the end of an epoch, and so at that of a run, the average is what was judged.
  if (same && trainer_.place().batches == state_.epochs_done * loader_->batches()) {
    SHRIKE_ASSIGN(const Graph graph, averaged_network());
    SHRIKE_ASSIGN(const std::string bytes, trained_file(graph, saved_norms()));
    SHRIKE_TRY(write_durable_file(file, bytes));
    digest = sha256_hex(std::as_bytes(std::span(bytes)));
    say(what + ": it is made again from the checkpoint");
    return true;
  }
  digest.clear();
  const std::string whose =
      epoch < 0 ? "that the run began with" : "of epoch " + std::to_string(epoch + 1);
  const std::string lost = what + ", and the weights " + whose + ", which it held, are lost";
  if (is_over())
    return input_error(lost +
                       "; the run is at its end, and a new one may go on from the model that "
                       "is left (--model)");
  say(lost + ": " + then);
  return false;
}

// Whether the last epoch is that of best.onnx: an epoch that was done again may be another than the
// one of that number which best.onnx is.
bool Run::last_is_best() const {
  if (state_.best_epoch != state_.epochs_done - 1) return false;
  if (state_.epochs_done == 0) return true;  // what it began with, which the average is
  if (state_.best_scores.size() != std::size(kBestColumns)) return false;
  for (size_t i = 0; i < std::size(kBestColumns); ++i)
    if (table_.column(kBestColumns[i]).back() != state_.best_scores[i]) return false;
  return true;
}

}  // namespace shrike
