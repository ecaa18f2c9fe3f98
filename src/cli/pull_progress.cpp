#include "cli/pull_progress.h"

#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "pull/cache.h"

namespace shrike {

Result<PulledModel> pull_shown(const ManifestRow& row, bool verify) {
  SHRIKE_ASSIGN(const std::filesystem::path cache, cache_folder());
  const CatchInterrupts caught;
  ProgressBar bar(total_size(row), true);
  PullOptions options{cache, verify, {}, {}};
  options.say = [&](const std::string& line) {
    bar.clear();
    say(line);
  };
  options.progress = [&](uint64_t so_far, uint64_t) {
    if (so_far > 0) bar.set(so_far);
    return interrupted() == 0;
  };
  return pull(row, options);
}

}  // namespace shrike
