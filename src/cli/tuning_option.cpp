#include "cli/tuning_option.h"

#include <filesystem>
#include <optional>

#include "base/build_id.h"
#include "base/excerpt.h"
#include "cli/terminal.h"
#include "cli/tuning_file.h"

namespace shrike {

void add_tune_option(CLI::App& app, bool& tune) {
  app.add_flag("--tune", tune,
               "Choose kernels by what they take on this machine: measured by the first run of a "
               "network's shapes, in about a minute (of slow networks the rest in later runs), and "
               "kept in the cache's folder tuning until that is deleted. Results may differ in the "
               "last digits");
}

Result<void> check_tune(bool tune, int memory_limit) {
  if (!tune || memory_limit == 0) return {};
  return usage_error(
      "--tune takes the fastest kernels, --memory-limit those that fit: leave one out");
}

Result<ChooseConv> KernelTuner::choice(const Graph& prepared, kernels::Precision precision) {
  const Result<std::filesystem::path> path = times_path("tuning");
  if (path && tuning_.times.empty()) {
    Result<KernelTimes> kept = read_times(*path, build_id());
    if (kept) {
      tuning_.times = *std::move(kept);
    } else {
      say(printable(kept.error().message) + ": measuring again");
    }
  }
  std::optional<ProgressBar> bar;
  tuning_.on_progress = [&](int done, int total) {
    if (!bar) {
      say("measuring kernels on this machine");
      bar.emplace(static_cast<uint64_t>(total), stderr_is_terminal());
    }
    bar->set(static_cast<uint64_t>(done));
  };
  tuning_.measured = false;
  tuning_.precision = precision;
  const Result<void> tuned = tune(prepared, tuning_);
  tuning_.on_progress = nullptr;
  bar.reset();
  SHRIKE_TRY(tuned);
  if (tuning_.measured) {
    const Result<void> kept = path ? keep_times(*path, build_id(), tuning_.times) : path.error();
    if (!kept)
      say("what was measured is not kept, and may come out otherwise next time: " +
          printable(kept.error().message));
  }
  return choose_by_times(tuning_.times);
}

}  // namespace shrike
