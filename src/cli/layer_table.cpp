#include "cli/layer_table.h"

#include <optional>

#include "base/build_id.h"
#include "base/excerpt.h"
#include "calibrate/layer_times.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "cli/tuning_file.h"

namespace shrike {

Result<void> measure_layers(TimeModel& model) {
  std::optional<ProgressBar> bar;
  const auto on_progress = [&](int done, int total) {
    if (!bar) {
      say("measuring layers at other widths on this machine");
      bar.emplace(static_cast<uint64_t>(total), stderr_is_terminal());
    }
    bar->set(static_cast<uint64_t>(done));
  };
  const auto timer = [](const Graph& graph) {
    return measure_nodes(graph, [] { return interrupted() == 0; });
  };
  return measure_and_keep(model, timer, times_path("layers"), build_id(), on_progress);
}

Result<void> measure_and_keep(TimeModel& model, const NodeTimer& timer,
                              const Result<std::filesystem::path>& file, const std::string& program,
                              const std::function<void(int done, int total)>& on_progress) {
  LayerTimes times;
  if (file) {
    Result<LayerTimes> kept = read_times(*file, program);
    if (kept) {
      times = *std::move(kept);
    } else {
      say(printable(kept.error().message) + ": measuring again");
    }
  }
  bool measured = false;
  const auto note = [&](int done, int total) {
    measured = true;
    if (on_progress) on_progress(done, total);
  };
  SHRIKE_TRY(model.measure(times, timer, note));
  if (!measured) return {};
  const Result<void> kept = file ? keep_times(*file, program, times) : file.error();
  if (!kept)
    say("what layers take is not kept, and is measured again next time: " +
        printable(kept.error().message));
  return {};
}

}  // namespace shrike
