// What a model's filters are worth by first-order Taylor importance, told by shrike-train.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "cli/float_model.h"
#include "prune/importance.h"

namespace shrike {

struct TaylorOptions {
  std::string data, pictures;  // as of --data and --pictures; the split train is looked at ...
  double holdout = 0;          // ... but for this share
  uint64_t seed = 0;           // says which pictures
  int threads = 0;
};

inline constexpr const char* kTaylorNetwork = "taylor.onnx";
inline constexpr const char* kTaylorNumbers = "taylor.json";

// Of model.network. Two files of these names lie in `folder` afterwards. Errors:
// those of shrike-train.
Result<FilterScores> taylor_scores(const FloatModel& model, const TaylorOptions& options,
                                   const std::filesystem::path& folder);

}  // namespace shrike
