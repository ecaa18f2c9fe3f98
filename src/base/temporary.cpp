#include "base/temporary.h"

#include <unistd.h>

#include <atomic>
#include <system_error>
#include <utility>

#include "base/excerpt.h"
#include "base/file.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// `folder` and those above it that are not there, the lowest first.
std::vector<fs::path> missing_of(fs::path folder) {
  std::vector<fs::path> missing;
  std::error_code error;
  for (; !folder.empty() && !fs::exists(folder, error) && !error; folder = folder.parent_path())
    if (folder.has_filename()) missing.push_back(folder);  // "out/" has none
  return missing;
}

}  // namespace

std::string next_temporary_name() {
  static std::atomic<unsigned> counter = 0;
  return ".shrike." + std::to_string(::getpid()) + "." + std::to_string(counter++);
}

Result<TemporaryFolder> TemporaryFolder::create_in(const fs::path& parent) {
  TemporaryFolder folder(missing_of(parent));
  SHRIKE_TRY(make_folders(parent));
  for (;;) {
    fs::path path = parent / next_temporary_name();
    std::error_code error;
    if (fs::create_directory(path, error)) {
      folder.path_ = std::move(path);
      return folder;
    }
    if (error && error != std::errc::file_exists)
      return runtime_error("cannot make a folder in " + shown_path(parent) + ": " +
                           error.message());
  }
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), made_(std::exchange(other.made_, {})) {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  for (const fs::path& folder : made_) ::rmdir(folder.c_str());  // fails unless it is empty
}

Result<void> TemporaryFolder::rename_to(const fs::path& place) {
  std::error_code error;
  fs::rename(path_, place, error);
  if (error)
    return runtime_error("cannot make folder " + shown_path(place) + ": " + error.message());
  path_.clear();
  made_.clear();
  return {};
}

Error TemporaryFolder::at_its_place(Error error, const fs::path& place) const {
  const std::string from = shown_path(path_), to = shown_path(place);
  for (size_t at = 0; (at = error.message.find(from, at)) != std::string::npos; at += to.size())
    error.message.replace(at, from.size(), to);
  return error;
}

}  // namespace shrike
