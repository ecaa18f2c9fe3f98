#include "train_cli/run_folder.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/excerpt.h"
#include "base/file.h"
#include "report/page.h"
#include "train_cli/curves.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// The folder, or the nearest one above it that is there.
fs::path nearest(const fs::path& folder) {
  std::error_code error;
  fs::path there = fs::absolute(folder, error);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  return there;
}

}  // namespace

std::vector<fs::path> RunFolder::products() const {
  std::vector<fs::path> files{best(), last(), report(), teacher_cache(), folder_ / kPageFile};
  for (int64_t batch = 0; batch < kPages; ++batch) files.push_back(page(batch));
  for (const char* chart : {kLossesChart, kScoresChart, kRateChart})
    for (const char* ending : {".svg", ".png"})
      files.push_back(folder_ / (std::string(chart) + ending));
  return files;
}

Result<void> RunFolder::check_free() const {
  const std::string out = "--out " + shown_path(folder_) + ": ";
  std::error_code ignored;
  for (const fs::path& file : {arguments(), results(), checkpoints()})
    if (fs::exists(file, ignored))
      return usage_error(out + "a run lies there; go on with it by --resume, or name another folder");
  for (const fs::path& file : products())
    if (fs::exists(fs::symlink_status(file, ignored)))
      return usage_error(out + in_quotes(file.filename().string()) +
                         " is there, and a run would write over it; move it, or name another folder");
  const fs::path there = nearest(folder_);
  if (!fs::is_directory(there, ignored))
    return usage_error(out + shown_path(there) + " is no folder; name another one");
  if (::access(there.c_str(), W_OK | X_OK) != 0)
    return runtime_error(out + "cannot write into " + shown_path(there) + ": " + errno_text(errno));
  return {};
}

}  // namespace shrike
