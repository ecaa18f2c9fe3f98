#include "report/together.h"

#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// A folder inside `folder`, gone with all in it at the end; `folder` too, where it was made for
// that and nothing came into it.
class FolderInside {
 public:
  static Result<FolderInside> create(const fs::path& folder) {
    constexpr int kTries = 100;  // a process that was killed may have left one
    std::error_code error;
    const bool is_new = !fs::exists(folder, error);
    SHRIKE_TRY(make_folders(folder));
    const std::string name = ".shrike." + std::to_string(::getpid()) + ".";
    for (int i = 0; i < kTries; ++i) {
      fs::path inside = folder / (name + std::to_string(i));
      if (fs::create_directory(inside, error)) return FolderInside(folder, inside, is_new);
      if (error) break;
    }
    const std::string why = error ? error.message() : "too many are there";
    if (is_new) fs::remove(folder, error);
    return runtime_error("cannot make a folder in " + folder.string() + ": " + why);
  }
  FolderInside(FolderInside&& other) noexcept
      : folder_(std::move(other.folder_)),
        path_(std::exchange(other.path_, {})),
        is_new_(other.is_new_) {}
  FolderInside& operator=(FolderInside&&) = delete;
  ~FolderInside() {
    if (path_.empty()) return;
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    if (is_new_) fs::remove(folder_, ignored);  // fails where anything is in it
  }

  const fs::path& path() const { return path_; }

 private:
  FolderInside(fs::path folder, fs::path path, bool is_new)
      : folder_(std::move(folder)), path_(std::move(path)), is_new_(is_new) {}
  fs::path folder_, path_;
  bool is_new_;
};

// "cannot write out/.shrike.7/a.png: ..." names a file that nobody knows.
Error at_its_place(Error error, const std::string& inside, const std::string& folder) {
  for (size_t at; (at = error.message.find(inside)) != std::string::npos;)
    error.message.replace(at, inside.size(), folder);
  return error;
}

Result<void> move_all(const fs::path& from, const fs::path& to, const std::string& last) {
  std::vector<fs::path> names;
  std::error_code error;
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename());
  std::sort(names.begin(), names.end());
  std::stable_partition(names.begin(), names.end(),
                        [&](const fs::path& name) { return name != fs::path(last); });
  for (const fs::path& name : names)
    if (fs::is_directory(to / name, error))
      return runtime_error("cannot write " + (to / name).string() + ": a folder has this name");
  for (const fs::path& name : names) {
    fs::rename(from / name, to / name, error);
    if (error)
      return runtime_error("cannot write " + (to / name).string() + ": " + error.message());
  }
  return {};
}

}  // namespace

Result<void> write_together(const fs::path& folder, const std::string& last,
                            const std::function<Result<void>(const fs::path&)>& write) {
  SHRIKE_ASSIGN(const FolderInside inside, FolderInside::create(folder));
  if (const Result<void> written = write(inside.path()); !written)
    return at_its_place(written.error(), inside.path().string(), folder.string());
  return move_all(inside.path(), folder, last);
}

}  // namespace shrike
