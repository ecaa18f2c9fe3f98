#include "pull/cache.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/file.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr auto kAskAgain = std::chrono::milliseconds(100);

}  // namespace

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

Result<FileLock> FileLock::acquire(const fs::path& path, const std::function<void()>& on_busy,
                                   const std::function<bool()>& go_on) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    return runtime_error("cannot open the lock " + path.string() + ": " + errno_text(errno));
  FileLock lock(fd);
  for (bool told = false;;) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK && errno != EINTR)
      return runtime_error("cannot lock " + path.string() + ": " + errno_text(errno));
    if (!told) on_busy();
    told = true;
    if (!go_on())
      return runtime_error("waiting for the lock " + path.string() + " was interrupted");
    std::this_thread::sleep_for(kAskAgain);
  }
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace shrike
