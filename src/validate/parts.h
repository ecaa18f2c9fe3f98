// What a detector said of parts of a data set, in files (part_files.h).
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "validate/part_files.h"
#include "validate/viewer.h"

namespace shrike {

// A block's file as it was found.
struct Part {
  std::optional<std::vector<Sight>> sights;  // by sample; nothing where it is not there, or damaged
  std::string damage;                        // what is wrong with it
};

class Parts {
 public:
  // As PartFiles.
  Parts(std::filesystem::path folder, Json run, size_t samples, int classes)
      : files_(std::move(folder), std::move(run), samples), classes_(classes) {}

  size_t blocks() const { return files_.blocks(); }
  size_t block_of(size_t sample) const { return files_.block_of(sample); }
  std::vector<size_t> samples_of(size_t block) const { return files_.pictures_of(block); }
  std::vector<size_t> share(size_t index, size_t count) const { return files_.share(index, count); }

  // Errors: those of PartFiles::read().
  Result<Part> read(size_t block) const;
  // Requires a sight of each of the block's samples, in any order. Makes the folder.
  Result<void> write(size_t block, std::vector<Sight> sights) const;

 private:
  PartFiles files_;
  int classes_;
};

// Gathers sights, and writes each block once all of it has been seen. Thread-safe.
class PartWriter {
 public:
  explicit PartWriter(const Parts& parts) : parts_(parts) {}  // borrowed

  Result<void> take(Sight sight);

 private:
  const Parts& parts_;
  std::mutex mutex_;
  std::map<size_t, std::vector<Sight>> begun_;  // by block
};

}  // namespace shrike
