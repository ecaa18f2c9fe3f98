// FolderLock: that one process alone is at work in a folder: a run's, or a pruning's.
#pragma once

#include <filesystem>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace shrike {

// Of a training's run.
inline constexpr const char* kRunLock = "run.lock";

class FolderLock {
 public:
  // flock() on the file `path`, made where it is not there and left there: the kernel lets go of it
  // when the process ends, however that happens. It holds who has it, for who comes second. Where
  // the file system has no locks nobody is kept out, which is said on standard error. Errors:
  // kUsage where another process has it, with its number and machine; kRuntime where the file
  // cannot be made.
  static Result<FolderLock> take(const std::filesystem::path& path);

 private:
  explicit FolderLock(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

}  // namespace shrike
