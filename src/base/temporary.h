// What is made beside its place and renamed when it is whole: names for it, and a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace shrike {

// ".shrike.PID.N", another at each call. Not made of the name that is wanted, which may be as long
// as names can be. A process that was killed and had the same PID, as in containers, may have left
// something of this name: who makes it takes the next one then. Thread-safe.
std::string next_temporary_name();

// A new folder of such a name, gone with all in it when the object goes.
class TemporaryFolder {
 public:
  // In `parent`, which is made where it is not there, and those above it; of these what is empty at
  // the end goes, too. Errors (kRuntime) name `parent`.
  static Result<TemporaryFolder> create_in(const std::filesystem::path& parent);
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }

  // Renames it to `place`, on the same file system, where nothing is or an empty folder; nothing
  // goes any more then. Errors (kRuntime) name `place`.
  Result<void> rename_to(const std::filesystem::path& place);

  // An error about files in here that names them as if they were in `place`: nobody knows the name
  // of this folder.
  Error at_its_place(Error error, const std::filesystem::path& place) const;

 private:
  explicit TemporaryFolder(std::vector<std::filesystem::path> made) : made_(std::move(made)) {}

  std::filesystem::path path_;
  std::vector<std::filesystem::path> made_;  // above it, the lowest first
};

}  // namespace shrike
