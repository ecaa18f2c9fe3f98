// Checkpoints: the state of a run after some step, in a folder, so that nothing is lost when the
// process, the machine or the disk ends in the middle.
//
// A checkpoint is two files, checkpoint-<step>.safetensors and checkpoint-<step>.json. The second
// is written last and holds the state, the first one's SHA-256 and its own, so that a half or
// damaged checkpoint is known for what it is. Both are on the disk before the checkpoint counts;
// the one before is kept, what is older goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/json.h"
#include "formats/safetensors.h"

namespace shrike {

struct Checkpoint {
  int64_t step = 0;  // steps done, at least 0
  Json state;        // an object: schedules, places, counters, options
  std::vector<NamedTensor> tensors;
};

struct FoundCheckpoint {
  std::optional<Checkpoint> checkpoint;  // the newest that is whole
  std::vector<std::string> damaged;      // newer ones, each with its file and what is wrong
};

// One process at a time writes to a folder.
class CheckpointFolder {
 public:
  // The file of a checkpoint that says what it is.
  static std::string name_of(int64_t step);

  // Does not touch the folder.
  explicit CheckpointFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Makes the folder where it is not there. Checkpoints of later steps than this one, which a run
  // that went back has left, are gone afterwards. Errors (kRuntime) name the file; the checkpoints
  // before are then as they were.
  Result<void> write(const Checkpoint& checkpoint) const;

  // Of those before the step `before`, where it is given. Tensors share the mapped file, which may
  // be replaced meanwhile. Nothing where there is none. Errors: kRuntime where the folder cannot be
  // read; damage is none.
  Result<FoundCheckpoint> newest(std::optional<int64_t> before = {}) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace shrike
