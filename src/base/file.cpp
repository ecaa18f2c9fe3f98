#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <new>
#include <set>
#include <system_error>

#include "base/durable_file.h"
#include "base/excerpt.h"
#include "base/mapped_part.h"
#include "base/signals.h"
#include "base/temporary.h"

namespace shrike {

namespace {

// What is mapped now, for give_back_mapped_pages().
struct Mapped {
  std::mutex mutex;
  std::set<const MappedFile*> files;
};
Mapped& mapped() {
  static auto* const all = new Mapped;  // outlives whatever still maps a file at the end
  return *all;
}

// Too little memory, or too many open files, is no fault of the file's.
Error cannot_read(const std::filesystem::path& path, ErrorKind kind, int error) {
  if (error == ENOMEM || error == EMFILE || error == ENFILE) kind = ErrorKind::kRuntime;
  return {kind, "cannot read " + shown_path(path) + ": " + errno_text(error)};
}

struct OpenFile {
  FileDescriptor descriptor;
  size_t size;
};

// What is open as `fd`, or why it could not be opened: errno.
Result<OpenFile> regular_file(FileDescriptor fd, const std::filesystem::path& path,
                              ErrorKind kind) {
  if (fd.get() < 0) return cannot_read(path, kind, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return cannot_read(path, kind, errno);
  if (S_ISDIR(status.st_mode)) return cannot_read(path, kind, EISDIR);
  if (!S_ISREG(status.st_mode))
    return Error{kind, "cannot read " + shown_path(path) + ": not a regular file"};
  return OpenFile{std::move(fd), static_cast<size_t>(status.st_size)};
}

Result<OpenFile> open_regular(const std::filesystem::path& path, ErrorKind kind) {
  return regular_file(FileDescriptor(::open(path.c_str(), kOpenToRead)), path, kind);
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

// A new file beside `path`, its name in `temporary`; -1 and errno when it cannot be made. Not
// mkstemp: that makes private files, and a result is to be as readable as any other file of the
// user's.
int open_beside(const std::filesystem::path& path, std::string& temporary) {
  int fd;
  do {
    temporary = (path.parent_path() / next_temporary_name()).string();
    fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == EEXIST);
  return fd;
}

// A new file in the folder of `path` that has no name yet, so that nothing is left of it whatever
// ends the process; -1 where the file system has no such files.
int open_nameless(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  return ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
}

// Gives it a name beside `path`; false and errno where that cannot be.
bool name_beside(int fd, const std::filesystem::path& path, std::string& temporary) {
  const std::string open_file = "/proc/self/fd/" + std::to_string(fd);
  int named;
  do {
    temporary = (path.parent_path() / next_temporary_name()).string();
    named = ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW);
  } while (named != 0 && errno == EEXIST);
  return named == 0;
}

Error cannot_write(const std::filesystem::path& path, const std::string& why) {
  return runtime_error("cannot write " + shown_path(path) + ": " + why);
}
Error cannot_write(const std::filesystem::path& path, int error) {
  return cannot_write(path, errno_text(error));
}

// Why no file may be put in place of what is there; empty where one may. Devices and pipes, and
// links to what a process has open, as /dev/stdout is one, would be lost.
std::string what_is_in_the_way(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  if (S_ISDIR(status.st_mode)) return errno_text(EISDIR);
  std::error_code no_link;
  const std::filesystem::path target = std::filesystem::read_symlink(path, no_link);
  const bool is_file = S_ISREG(status.st_mode) && !target.native().starts_with("/proc/");
  return is_file ? "" : "not a regular file";
}

}  // namespace

std::string errno_text(int error) { return std::generic_category().message(error); }

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path,
                                                           ErrorKind kind) {
  return map(FileDescriptor(::open(path.c_str(), kOpenToRead)), path, kind);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::map(FileDescriptor descriptor,
                                                          const std::filesystem::path& path,
                                                          ErrorKind kind) {
  SHRIKE_ASSIGN(const OpenFile file, regular_file(std::move(descriptor), path, kind));
  if (file.size == 0) return std::shared_ptr<const MappedFile>(new MappedFile({}));
  void* address = ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, file.descriptor.get(), 0);
  if (address == MAP_FAILED) return cannot_read(path, kind, errno);
  return std::shared_ptr<const MappedFile>(
      new MappedFile({static_cast<const std::byte*>(address), file.size}));
}

MappedFile::MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {
  const std::lock_guard lock(mapped().mutex);
  mapped().files.insert(this);
}

MappedFile::~MappedFile() {
  {
    const std::lock_guard lock(mapped().mutex);
    mapped().files.erase(this);
  }
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void give_back_mapped_pages() {
  const std::lock_guard lock(mapped().mutex);
  for (const MappedFile* file : mapped().files)
    if (!file->bytes().empty())
      ::madvise(const_cast<std::byte*>(file->bytes().data()), file->bytes().size(), MADV_DONTNEED);
}

std::shared_ptr<const void> share_part(std::shared_ptr<const MappedFile> file,
                                       std::span<const std::byte> bytes) {
  return {bytes.data(), [file = std::move(file), bytes](const void*) {
            // Whole pages, beyond the part's ends too: nobody can tell but by the time it takes.
            static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
            const auto begin = reinterpret_cast<uintptr_t>(bytes.data()) / page * page;
            const auto end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size());
            if (!bytes.empty())
              ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
          }};
}

Result<std::string> read_text(const std::filesystem::path& path, ErrorKind kind, size_t limit) {
  SHRIKE_ASSIGN(const OpenFile file, open_regular(path, kind));
  const auto too_large = [&] {
    return Error{kind, shown_path(path) + " is larger than " + std::to_string(limit) + " bytes"};
  };
  if (file.size > limit) return too_large();
  try {
    // One byte more than it should have: a file that grows meanwhile is read to its new end.
    std::string text(file.size + 1, '\0');
    for (size_t filled = 0;;) {
      const ssize_t count =
          ::read(file.descriptor.get(), text.data() + filled, text.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return cannot_read(path, kind, errno);
      filled += static_cast<size_t>(count);
      if (filled > limit) return too_large();
      if (count == 0) {
        text.resize(filled);
        return text;
      }
      if (filled == text.size()) text.resize(2 * text.size());
    }
  } catch (const std::bad_alloc&) {
    return cannot_read(path, kind, ENOMEM);
  }
}

Result<FileWindow> FileWindow::open(const std::filesystem::path& path, ErrorKind kind) {
  SHRIKE_ASSIGN(OpenFile file, open_regular(path, kind));
  return FileWindow(std::move(file.descriptor), file.size);
}

std::span<const std::byte> FileWindow::bytes(uint64_t at, size_t count) {
  constexpr size_t kLeast = 4096;
  if (at >= size_) return {};
  count = static_cast<size_t>(std::min<uint64_t>(count, size_ - at));
  if (at < window_at_ || at - window_at_ > window_.size() ||
      count > window_.size() - (at - window_at_)) {
    window_.resize(static_cast<size_t>(std::min<uint64_t>(std::max(count, kLeast), size_ - at)));
    window_at_ = at;
    size_t filled = 0;
    while (filled < window_.size()) {
      const ssize_t got = ::pread(descriptor_.get(), window_.data() + filled,
                                  window_.size() - filled, static_cast<off_t>(at + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      filled += static_cast<size_t>(got);
    }
    window_.resize(filled);
  }
  const std::span<const std::byte> rest =
      std::span<const std::byte>(window_).subspan(static_cast<size_t>(at - window_at_));
  return rest.first(std::min(count, rest.size()));
}

namespace {

// What may be lost when the machine loses power is on the disk once these say so.
bool flush_file(int fd) { return ::fsync(fd) == 0; }
bool flush_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Not every file system can: EINVAL says that there is nothing to flush.
  return fd.get() >= 0 && (::fsync(fd.get()) == 0 || errno == EINVAL);
}

Result<void> write_beside(const std::filesystem::path& path,
                          std::span<const std::span<const std::byte>> pieces, bool durable) {
  if (const std::string why = what_is_in_the_way(path); !why.empty())
    return cannot_write(path, why);
  // An end in between would leave a temporary file that has its name: a signal to another thread
  // can.
  const SignalsHeld held;
  std::string temporary;
  static const bool can_name = ::access("/proc/self/fd", X_OK) == 0;
  FileDescriptor fd(can_name ? open_nameless(path) : -1);
  const bool nameless = fd.get() >= 0;
  if (!nameless) fd = FileDescriptor(open_beside(path, temporary));
  if (fd.get() < 0) return cannot_write(path, errno);
  bool ok = true;
  for (const std::span<const std::byte> bytes : pieces) ok = ok && write_all(fd.get(), bytes);
  if (durable) ok = ok && flush_file(fd.get());
  if (nameless) ok = ok && name_beside(fd.get(), path, temporary);
  int error = errno;
  if (!fd.close() && ok) {
    ok = false;
    error = errno;
  }
  if (ok && ::rename(temporary.c_str(), path.c_str()) != 0) {
    ok = false;
    error = errno;
  }
  if (ok) {
    if (!durable || flush_folder_of(path)) return {};
    return cannot_write(path, errno);
  }
  if (!temporary.empty()) ::unlink(temporary.c_str());
  return cannot_write(path, error);
}

}  // namespace

Result<void> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  return write_beside(path, std::span(&bytes, 1), false);
}

Result<void> write_durable_file(const std::filesystem::path& path,
                                std::span<const std::span<const std::byte>> pieces) {
  return write_beside(path, pieces, true);
}

Result<void> write_durable_file(const std::filesystem::path& path, std::string_view text) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text.data(), text.size()));
  return write_beside(path, std::span(&bytes, 1), true);
}

Result<void> write_file(const std::filesystem::path& path, std::string_view text) {
  return write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

Result<void> make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return runtime_error("cannot make folder " + shown_path(folder) + ": " + error.message());
  return {};
}

}  // namespace shrike
