// What a detector said of parts of a data set, in files: so that several processes, or one that is
// ended and started again, look at its pictures together.
//
// The samples are divided into blocks, the same ones whoever looks at them, and each block is a
// file of the folder, part-<block>.json, written whole or not at all. A block that two processes
// look at is the same twice, so nothing is lost or counted double, whatever happens to them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/json.h"
#include "validate/viewer.h"

namespace shrike {

// A block's file as it was found.
struct Part {
  std::optional<std::vector<Sight>> sights;  // by sample; nothing where it is not there, or damaged
  std::string damage;                        // what is wrong with it
};

class Parts {
 public:
  // run: an object of what must be the same for parts to belong together. Does not touch the folder.
  Parts(std::filesystem::path folder, Json run, size_t samples, int classes);

  size_t blocks() const { return (samples_ + block_ - 1) / block_; }
  size_t block_of(size_t sample) const { return sample / block_; }
  std::vector<size_t> samples_of(size_t block) const;

  // Errors: kUsage where the file is of another run, naming what differs, or something else;
  // kRuntime where it cannot be read.
  Result<Part> read(size_t block) const;
  // Requires a sight of each of the block's samples, in any order. Makes the folder.
  Result<void> write(size_t block, std::vector<Sight> sights) const;

 private:
  std::filesystem::path path_of(size_t block) const;

  std::filesystem::path folder_;
  Json run_;
  size_t samples_, block_;
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
