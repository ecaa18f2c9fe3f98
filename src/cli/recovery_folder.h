// RecoveryFolder: what lies where in the folder of a pruning that trains, and whose it is.
//
// From it the same command goes on after whatever ended it:
//   prune.lock               held while a process is at work there
//   recovery.json            what was asked, the first file that is written
//   original.onnx            the teacher
//   step-1/taylor.*          what its channels are worth, where that was asked for
//   step-1/pruned.onnx       before training
//   step-1/run               what `shrike train` leaves
//   step-1/recovered.onnx    the step's result, once it is there: best.onnx of the run
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/folder_lock.h"
#include "formats/json.h"

namespace shrike {

class RecoveryFolder {
 public:
  explicit RecoveryFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path note() const { return folder_ / "recovery.json"; }
  std::filesystem::path original() const { return folder_ / "original.onnx"; }
  // Of the steps from 1.
  std::filesystem::path step(int64_t step) const {
    return folder_ / ("step-" + std::to_string(step));
  }
  std::filesystem::path pruned(int64_t of) const { return step(of) / "pruned.onnx"; }
  std::filesystem::path run(int64_t of) const { return step(of) / "run"; }
  std::filesystem::path recovered(int64_t of) const { return step(of) / "recovered.onnx"; }

  // Makes it that of the command that asks for `asked`, an object, of the model with these bytes:
  // one that this command began stays as it is, and one of another command that nothing was trained
  // for is begun anew, which is told; its files go, those of other names stay. `budgets`: keys that
  // stand for one another, one of which is in each note. Whatever ends this, the next command can
  // begin. Nobody else can while the lock lives. Errors: kUsage where another command's training
  // has begun, where files of these names are not prune's, or where another process has the lock;
  // kInput where one cannot be read; kRuntime where nothing can be written. Nothing is made in a
  // folder that is refused.
  Result<FolderLock> open(const Json& asked, const std::vector<std::string>& budgets,
                          const std::string& original) const;

 private:
  enum class Use { kGoOn, kBegin, kBeginAnew };
  // As open()'s, nothing is changed. `note`: what it would be.
  Result<Use> use(const std::string& note, const Json& asked,
                  const std::vector<std::string>& budgets, const std::string& original) const;

  std::filesystem::path folder_;
};

}  // namespace shrike
