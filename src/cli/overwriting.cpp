#include "cli/overwriting.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "base/excerpt.h"
#include "base/file.h"

namespace shrike {

namespace fs = std::filesystem;

Result<void> check_not_input(const fs::path& output, std::initializer_list<fs::path> inputs) {
  return check_not_input(output, std::span(inputs));
}

Result<void> check_not_input(const fs::path& output, const Dataset& dataset) {
  std::error_code error;
  if (!fs::exists(output, error)) return {};
  SHRIKE_TRY(check_not_input(output, dataset.files));
  std::vector<fs::path> pictures;
  for (const Sample& sample : dataset.samples) pictures.push_back(sample.picture);
  return check_not_input(output, pictures);
}

Result<void> check_not_input(const fs::path& output, std::span<const fs::path> inputs) {
  for (const fs::path& input : inputs) {
    std::error_code error;  // where one of the two is not there
    if (fs::equivalent(output, input, error))
      return usage_error("cannot write " + output.string() + ": it is what is read" +
                         (output == input ? "" : " as " + input.string()));
  }
  return {};
}

Result<void> check_place(const fs::path& output) {
  const auto refused = [&](int why) {
    return runtime_error("cannot write " + shown_path(output) + ": " + errno_text(why));
  };
  std::error_code none;
  if (fs::is_directory(output, none)) return refused(EISDIR);
  const fs::path parent = output.parent_path(), folder = parent.empty() ? "." : parent;
  if (!fs::is_directory(folder, none)) return refused(fs::exists(folder, none) ? ENOTDIR : ENOENT);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return refused(errno);
  return {};
}

}  // namespace shrike
