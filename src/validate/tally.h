// What a detector said of a data set's pictures, matched with the truth and scored.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "eval/confusion.h"
#include "eval/match.h"
#include "eval/scores.h"
#include "validate/viewer.h"

namespace shrike {

// A matrix of more classes would take more than 32 MB, and nobody could read it.
inline constexpr int kMaxConfusionClasses = 2000;

struct SkippedPicture {
  size_t sample = 0;
  std::string reason;  // names the file
};

// What lies in parallel vectors belongs to the samples `scored`, in their order.
struct Validation {
  std::vector<size_t> scored;  // indices of samples, ascending: all but the skipped ones
  std::vector<PictureMatches> matches;
  std::vector<std::vector<Detection>> detections;  // classes of the data set; empty if not kept
  ConfusionMatrix confusion{0};  // without cells where there are over kMaxConfusionClasses
  Scores scores;
  int dropped_classes = 0;              // of the model, which the data set does not have
  Timing speed;                         // mean a picture, in the stream that looked at it
  double read_ms = 0;                   // mean a picture: from the file to pixels
  std::vector<SkippedPicture> skipped;  // could not be read; by sample
  size_t not_finite = 0;                // of the scored: Sight::finite is false
};

// The same Validation, but for the times, whatever the order in which pictures are added.
class Tally {
 public:
  // Borrows the data set.
  Tally(const Dataset& dataset, const ConfusionOptions& confusion, bool keep_detections);

  // Requires a sample that was not added before. Thread-safe.
  void add(Sight sight);

  // Requires that all samples were added. An error (kInput) where none of them could be read.
  Result<Validation> finish(int dropped_classes);

 private:
  const Dataset& dataset_;
  const ConfusionOptions confusion_options_;
  const bool keep_detections_;
  std::vector<PictureMatches> matches_;             // by sample
  std::vector<std::vector<Detection>> detections_;  // by sample, or none

  std::mutex mutex_;  // of all below
  ConfusionMatrix confusion_;
  Timing total_;
  double read_ms_ = 0;
  std::vector<SkippedPicture> skipped_;
  size_t not_finite_ = 0;
};

}  // namespace shrike
