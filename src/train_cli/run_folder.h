// What lies where in the folder of a run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/folder_lock.h"

namespace shrike {

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Errors name --out: where a run lies there (kUsage), or another file or folder that one would
  // write over, which would be lost; where it cannot be a folder (kUsage); where nothing can be
  // written (kRuntime).
  Result<void> check_free() const;

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path arguments() const { return folder_ / "args.json"; }
  std::filesystem::path lock() const { return folder_ / kRunLock; }
  std::filesystem::path results() const { return folder_ / "results.csv"; }
  std::filesystem::path best() const { return folder_ / "best.onnx"; }
  std::filesystem::path last() const { return folder_ / "last.onnx"; }
  std::filesystem::path report() const { return folder_ / "report"; }
  std::filesystem::path checkpoints() const { return folder_ / "checkpoints"; }
  std::filesystem::path teacher_cache() const { return folder_ / "teacher-cache"; }
  // Of the batches from 0.
  std::filesystem::path page(int64_t batch) const {
    return folder_ / ("train_batch" + std::to_string(batch) + ".png");
  }

  // Batches that have a page.
  static constexpr int64_t kPages = 3;

 private:
  // Whatever else a run writes.
  std::vector<std::filesystem::path> products() const;

  std::filesystem::path folder_;
};

}  // namespace shrike
