// Work on many pictures in parts, each a file: so that several processes, or one that is ended and
// started again, do it together.
//
// The pictures are divided into blocks, the same ones whoever works on them, and what came of a
// block is a file of the folder, part-<block>.json, written whole or not at all. A block that two
// processes work on is the same twice, so nothing is lost or counted double, whatever happens to
// them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/json.h"

namespace shrike {

// A block's file as it was found.
struct PartFile {
  std::optional<Json> pictures;  // an array; nothing where it is not there, or damaged
  std::string damage;            // what is wrong with it
};

class PartFiles {
 public:
  // run: an object of what must be the same for parts to belong together. Does not touch the folder.
  PartFiles(std::filesystem::path folder, Json run, size_t pictures);

  size_t blocks() const { return (pictures_ + block_ - 1) / block_; }
  size_t block_of(size_t picture) const { return picture / block_; }
  std::vector<size_t> pictures_of(size_t block) const;
  // Every count'th block from index on.
  std::vector<size_t> share(size_t index, size_t count) const;

  // Errors: kUsage where the file is of another run, naming what differs, or something else;
  // kRuntime where it cannot be read.
  Result<PartFile> read(size_t block) const;
  // Requires an element for each of the block's pictures, in their order. Makes the folder.
  Result<void> write(size_t block, Json pictures) const;
  std::filesystem::path path_of(size_t block) const;

 private:
  std::filesystem::path folder_;
  Json run_;
  size_t pictures_, block_;
};

}  // namespace shrike
