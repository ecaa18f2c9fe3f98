// best.onnx and last.onnx of a run that goes on: somebody may have taken them away.
#include <iterator>

#include "base/excerpt.h"
#include "cli/terminal.h"
#include "train_cli/run.h"

namespace shrike {

namespace {

constexpr double kBelowAll = -1;  // the score of no file: that of the next epoch is better

bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

}  // namespace

Result<void> Run::restore_models() {
  if (state_.epochs_done == 0) return {};
  double lost = 0;
  SHRIKE_TRY(ranks_.by_first([&]() -> Result<void> {
    SHRIKE_ASSIGN(const bool restored, restored_models());
    lost = restored ? 0 : 1;
    return {};
  }));
  SHRIKE_ASSIGN(const std::vector<double> all, ranks_.largest({lost}));
  if (all[0] == 0) return {};
  state_.best_fitness = kBelowAll;
  state_.best_scores.clear();
  return {};
}

// Not from each other: a run that was killed has last.onnx of an epoch that its checkpoint does not
// know.
Result<bool> Run::restored_models() const {
  // At the end of an epoch, and so at that of a run, the average is what was judged.
  const bool average = trainer_.place().batches == state_.epochs_done * loader_->batches();
  const auto restored = [&](const std::filesystem::path& file, int64_t epoch, bool same,
                            const std::string& then) -> Result<bool> {
    if (is_there(file)) return true;
    if (average && same) {
      SHRIKE_ASSIGN(const Graph graph, trainer_.average());
      SHRIKE_TRY(save_trained(graph, saved_norms(), file));
      say(shown_path(file) + " was not there: it is made again from the checkpoint");
      return true;
    }
    const std::string lost = shown_path(file) + " is not there, and the weights of epoch " +
                             std::to_string(epoch + 1) + ", which it held, are lost";
    if (finished())
      return input_error(lost +
                         "; the run is at its end, and a new one may go on from the model that "
                         "is left (--model)");
    say(lost + ": " + then);
    return false;
  };
  SHRIKE_TRY(restored(folder_.last(), state_.epochs_done - 1, true, "the next epoch writes it"));
  return restored(folder_.best(), state_.best_epoch, last_is_best(),
                  "the best of the epochs from here on takes its place");
}

// Whether the last epoch is that of best.onnx: an epoch that was done again may be another than the
// one of that number which best.onnx is.
bool Run::last_is_best() const {
  if (state_.best_epoch != state_.epochs_done - 1) return false;
  if (state_.best_scores.size() != std::size(kBestColumns)) return false;
  for (size_t i = 0; i < std::size(kBestColumns); ++i)
    if (table_.column(kBestColumns[i]).back() != state_.best_scores[i]) return false;
  return true;
}

}  // namespace shrike
