// Files: reading whole or in parts, mapping, and writing beside and renaming. Paths are UTF-8 bytes
// as given.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace shrike {

// How files are opened to be read. O_NONBLOCK: opening a pipe must not wait for a writer.
inline constexpr int kOpenToRead = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

// A regular file mapped read-only; the bytes live as long as the object. An empty file has no
// bytes. Errors (of kind `kind`) name the path: missing, a folder, not readable. Where memory or
// the number of open files does not suffice they are of kRuntime, here and below.
// A file that somebody truncates while it is mapped ends the process with SIGBUS, as with any map.
class MappedFile {
 public:
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path,
                                                        ErrorKind kind);
  // The same of what is open (-1: errno says why it is not); `path` names it in errors.
  static Result<std::shared_ptr<const MappedFile>> map(FileDescriptor descriptor,
                                                       const std::filesystem::path& path,
                                                       ErrorKind kind);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes);
  std::span<const std::byte> bytes_;
};

// Gives back the memory of all that is mapped: who reads on gets it from the file again. At any
// time, from any thread.
void give_back_mapped_pages();

// The whole file's bytes, copied: whatever happens to the file afterwards or meanwhile, as with a
// picture that a camera rewrites, the process goes on. Refuses files over `limit` bytes.
Result<std::string> read_text(const std::filesystem::path& path, ErrorKind kind,
                              size_t limit = size_t{1} << 30);

// A regular file read where it is asked for: its header, say, without the rest. Not thread-safe.
class FileWindow {
 public:
  // Errors (of kind `kind`) as MappedFile's.
  static Result<FileWindow> open(const std::filesystem::path& path, ErrorKind kind);
  uint64_t size() const { return size_; }  // when it was opened
  // The `count` bytes from `at`, or as many as there are: none behind the end, or where the disk
  // fails. They are valid until the next call.
  std::span<const std::byte> bytes(uint64_t at, size_t count);

 private:
  FileWindow(FileDescriptor descriptor, uint64_t size)
      : descriptor_(std::move(descriptor)), size_(size) {}

  FileDescriptor descriptor_;
  uint64_t size_;
  uint64_t window_at_ = 0;
  std::vector<std::byte> window_;
};

// Writes `bytes` to a new file beside `path` and renames it into place, so that `path` is either
// the old file or the whole new one. Signals that end the process wait until that is done. Errors
// (kRuntime) name the path: no such folder, read-only, a directory in the way, disk full.
Result<void> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
Result<void> write_file(const std::filesystem::path& path, std::string_view text);

// Makes the folder and its parents where they are not there. Errors (kRuntime) name it.
Result<void> make_folders(const std::filesystem::path& folder);

// What strerror says of errno, without its global state.
std::string errno_text(int error);

}  // namespace shrike
