#include "pull/verified.h"

#include <sys/stat.h>

#include "base/file.h"
#include "pull/fetch.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr size_t kLongestMemory = 1 << 16;

std::string nanoseconds(const timespec& time) {
  return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
}

// What is to be remembered of the files as they are now, a line each; empty where one is not there
// or not of its size.
std::string state_of(const ManifestRow& row, const fs::path& folder) {
  std::string state;
  for (const ManifestFile& file : row.files) {
    struct stat status {};
    if (::stat((folder / file.name).c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
        static_cast<uint64_t>(status.st_size) != file.size)
      return {};
    state += std::string(file.sha256) + " " + std::string(file.name) + " " +
             std::to_string(file.size) + " " + std::to_string(status.st_ino) + " " +
             nanoseconds(status.st_mtim) + " " + nanoseconds(status.st_ctim) + "\n";
  }
  return state;
}

}  // namespace

bool are_whole(const ManifestRow& row, const fs::path& folder, const fs::path& memory, bool again) {
  // Before they are read: whoever changes them meanwhile makes another state.
  const std::string state = state_of(row, folder);
  if (state.empty()) return false;
  const Result<std::string> known = read_text(memory, ErrorKind::kRuntime, kLongestMemory);
  const bool remembered = known && *known == state;
  if (remembered && !again) return true;
  for (const ManifestFile& file : row.files)
    if (!verify_file(folder / file.name, file.size, file.sha256)) return false;
  if (!remembered && make_folders(memory.parent_path()))
    (void)write_file(memory, state).ok();  // only costs the time of the next call
  return true;
}

}  // namespace shrike
