// Recovery: a network pruned in turns, each followed by training in shrike-train, with the unpruned
// model as teacher. All of it lies in one folder, a RecoveryFolder.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/float_model.h"
#include "formats/json.h"
#include "prune/prune.h"

namespace shrike {

struct RecoveryOptions {
  std::filesystem::path folder;
  std::string data, pictures;     // as of --data and --pictures
  int64_t epochs = 1, steps = 1;  // of all steps together, at least one each; at least 1
  uint64_t seed = 0;
  int threads = 0;
  int processes = 1;  // that train together, of one `train` has, too
  bool teacher = true;
  bool zeros = false;                // weights that are zero stay zero
  std::vector<std::string> train;    // more words for `shrike train`
  Json wish;                         // what else tells one command from another
  std::vector<std::string> budgets;  // keys of which `wish` has one
};

// What a step makes of a model: its network with fewer channels or weights. Files that it needs
// meanwhile may lie in `folder`.
using PruneStep = std::function<Result<PruneOutcome>(
    const FloatModel& model, const PruneOptions& options, const std::filesystem::path& folder)>;

struct Recovered {
  FloatModel pruned, recovered;  // of the last step
};

// Whether words of a command line name an option ("epochs"), as they are parsed.
bool names_option(const std::vector<std::string>& words, const std::string& option);

// What `train` is told in a step, from 1: for a check before any work is done.
std::vector<std::string> training_words(const RecoveryOptions& options, int64_t step);

// The budget of a step, for a network that is the original, or that of the step before it: the
// share F that stays of macs, parameters or channels becomes F^(step / steps) of the original's,
// milliseconds go down geometrically from `ms`, and the share of a layer that may leave is one of
// the original's layer; `original` must outlive what is returned. With `zeros` that of
// zero_blocks(), which counts what is zero already.
PruneOptions step_options(const PruneOptions& options, int64_t step, int64_t steps,
                          const Graph& original, const Graph& now, double ms, bool zeros);

// The words of `shrike train` with which the run of a step goes on.
std::vector<std::string> resuming_words(const RecoveryOptions& options, int64_t step);

// Whether one step could come to what is wished, whatever channels are worth: several come to no
// more, and the last would say so after hours. Nothing is known of milliseconds. Errors (kUsage):
// those of prune() and zero_blocks().
Result<void> check_reachable(const FloatModel& model, PruneOptions options, bool zeros);

// Errors: those of the step, of RecoveryFolder::open() and of shrike-train, of the kind that its
// exit code says; kUsage where not even one step reaches the budget, before any work; kRuntime
// after an interrupt, from which the same command goes on.
Result<Recovered> prune_and_recover(const FloatModel& model, const PruneOptions& options,
                                    const PruneStep& prune, const RecoveryOptions& recovery);

}  // namespace shrike
