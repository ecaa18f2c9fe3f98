#include "report/together.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <vector>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/signals.h"
#include "base/temporary.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// What lies in `folder`, sorted, `last` at the end.
Result<std::vector<fs::path>> names_in(const fs::path& folder, const std::string& last) {
  std::vector<fs::path> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename());
  if (error) return runtime_error("cannot read " + shown_path(folder) + ": " + error.message());
  std::sort(names.begin(), names.end());
  std::stable_partition(names.begin(), names.end(),
                        [&](const fs::path& name) { return name != fs::path(last); });
  return names;
}

// Each gives 0, or errno where nothing has changed.
int rename_errno(const fs::path& from, const fs::path& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}
int swap_errno(const fs::path& a, const fs::path& b) {
  const int done = ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
  return done == 0 ? 0 : errno;
}

// Files that go from one folder to another. What they replace is kept in the first.
class Move {
 public:
  Move(const fs::path& from, const fs::path& to) : from_(from), to_(to) {}

  // 0, or errno where nothing has changed.
  int move(const fs::path& name) {
    const fs::path whole = from_ / name, place = to_ / name;
    std::error_code ignored;
    if (fs::is_directory(place, ignored)) return EISDIR;
    fs::path kept = whole;
    int error = swap_errno(whole, place);
    if (error == EINVAL || error == ENOSYS) {  // a file system that cannot do it
      kept = from_ / next_temporary_name();
      error = rename_errno(place, kept);
      if (error == 0) error = rename_errno(whole, place);
      if (error != 0) rename_errno(kept, place);
    }
    if (error == ENOENT) {  // nothing is there
      kept.clear();
      error = rename_errno(whole, place);
    }
    if (error == 0) moved_.push_back({place, kept});
    return error;
  }

  void take_back() {
    for (const auto& [place, kept] : moved_)
      if (kept.empty())
        ::unlink(place.c_str());
      else
        rename_errno(kept, place);
  }

 private:
  struct Moved {
    fs::path place, kept;
  };
  fs::path from_, to_;
  std::vector<Moved> moved_;
};

Result<void> move_all(const fs::path& from, const fs::path& to, const std::string& last) {
  SHRIKE_ASSIGN(const std::vector<fs::path> names, names_in(from, last));
  Move move(from, to);
  for (const fs::path& name : names) {
    const int error = move.move(name);
    if (error == 0) continue;
    move.take_back();
    return runtime_error("cannot write " + shown_path(to / name) + ": " + errno_text(error));
  }
  return {};
}

}  // namespace

Result<void> write_together(const fs::path& folder, const std::string& last,
                            const std::function<Result<void>(const fs::path&)>& write) {
  // An end while files are moved would leave old ones beside new ones. Goes after `inside`, so that
  // those which were replaced are gone by then.
  std::optional<SignalsHeld> held;
  SHRIKE_ASSIGN(const TemporaryFolder inside, TemporaryFolder::create_in(folder));
  if (const Result<void> written = write(inside.path()); !written)
    return inside.at_its_place(written.error(), folder);
  held.emplace();
  return move_all(inside.path(), folder, last);
}

}  // namespace shrike
