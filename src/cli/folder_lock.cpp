#include "cli/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/excerpt.h"
#include "base/file.h"
#include "cli/terminal.h"

namespace shrike {

namespace {

constexpr size_t kMostText = 4096;

// "process 4711 on host.example"
std::string who_this_is() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return "process " + std::to_string(::getpid()) + " on " + host.data();
}

// A note for people: the lock holds without it. What is no such note is somebody's file, and stays.
void write_note(int fd) {
  constexpr std::string_view kBegin = "process ";
  std::array<char, kBegin.size()> there{};
  const ssize_t read = ::pread(fd, there.data(), there.size(), 0);
  if (read != 0 && std::string_view(there.data(), there.size()) != kBegin) return;
  const std::string text = who_this_is() + "\n";
  if (::ftruncate(fd, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(fd, text.data(), text.size(), 0);
}

Error taken(const std::filesystem::path& path) {
  const Result<std::string> text = read_text(path, ErrorKind::kInput, kMostText);
  std::string who = text ? *text : "";
  if (const size_t end = who.find('\n'); end != std::string::npos) who.resize(end);
  return usage_error(shown_path(path.parent_path()) + ": " +
                     (who.empty() ? "another process" : printable(excerpt(who))) +
                     " is at work in this folder; wait for it, or end it first");
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::filesystem::path& path) {
  FolderLock lock(
      FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666)));
  const int fd = lock.file_.get();
  if (fd < 0 && errno == ELOOP)
    return usage_error(shown_path(path) +
                       " is a link, where a lock is wanted; name another folder");
  if (fd < 0) return runtime_error("cannot open " + shown_path(path) + ": " + errno_text(errno));
  int locked = 0;
  do locked = ::flock(fd, LOCK_EX | LOCK_NB);
  while (locked != 0 && errno == EINTR);
  if (locked != 0 && errno == EWOULDBLOCK) return taken(path);
  if (locked != 0)
    say("cannot lock " + shown_path(path) + ": " + errno_text(errno) +
        "; nothing keeps another process out of this folder");
  write_note(fd);
  return lock;
}

}  // namespace shrike
