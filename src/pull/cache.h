// The folder where fetched models live, and the lock that keeps two processes from fetching one
// model at once.
//
//   CACHE/models/NAME/FILE     verified files of the manifest; FILE.part while on its way
//   CACHE/downloads/ARCHIVE    archives on their way, or put there by hand
//   CACHE/locks/NAME
//   CACHE/verified/NAME        which files were found to be whole (verified.h)
//   CACHE/tuning/PROCESSOR.json, .json.lock: what kernels take (cli/tuning_file.h)
//   CACHE/layers/PROCESSOR.json, .json.lock: what layers take at other widths (cli/layer_table.h)
#pragma once

#include <filesystem>
#include <functional>
#include <utility>

#include "base/result.h"

namespace shrike {

// $XDG_CACHE_HOME/shrike, else $HOME/.cache/shrike, else the same below the home folder the system
// knows for this user. As the XDG specification asks, a relative XDG_CACHE_HOME is ignored.
// Nothing is created. An error (kRuntime) when there is no home at all.
Result<std::filesystem::path> cache_folder();

// A lock that other processes wait for; given back when the object or the process ends.
class FileLock {
 public:
  // `on_busy` is called once when another process holds it, before waiting; `go_on` several times
  // a second meanwhile. Errors (kRuntime) name the path: it cannot be made, locked, or waited for
  // any longer.
  static Result<FileLock> acquire(const std::filesystem::path& path,
                                  const std::function<void()>& on_busy,
                                  const std::function<bool()>& go_on);
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace shrike
