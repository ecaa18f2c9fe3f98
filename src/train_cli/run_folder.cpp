#include "train_cli/run_folder.h"

#include <system_error>

#include "base/excerpt.h"

namespace shrike {

Result<void> RunFolder::check_free() const {
  std::error_code ignored;
  for (const std::filesystem::path& file : {arguments(), results(), checkpoints()})
    if (std::filesystem::exists(file, ignored))
      return usage_error("--out " + shown_path(folder_) + ": a run lies there; go on with it by "
                         "--resume, or name another folder");
  return {};
}

}  // namespace shrike
