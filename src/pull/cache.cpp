#include "pull/cache.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.h"

namespace shrike {

namespace fs = std::filesystem;

Result<fs::path> cache_folder() {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg && fs::path(xdg).is_absolute()) return fs::path(xdg) / "shrike";
  const char* home = std::getenv("HOME");
  if (home && fs::path(home).is_absolute()) return fs::path(home) / ".cache" / "shrike";
  const passwd* user = ::getpwuid(::geteuid());
  if (user && user->pw_dir && fs::path(user->pw_dir).is_absolute())
    return fs::path(user->pw_dir) / ".cache" / "shrike";
  return runtime_error("no home folder to keep models in: set XDG_CACHE_HOME to a folder");
}

Result<FileLock> FileLock::open(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    return runtime_error("cannot open the lock " + path.string() + ": " + errno_text(errno));
  return FileLock(fd);
}

bool FileLock::lock(bool wait) const {
  int result = 0;
  do {
    result = ::flock(fd_, LOCK_EX | (wait ? 0 : LOCK_NB));
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace shrike
