// Validation: a detector over a data set, scored as COCO does. What `shrike val` prints, what
// quantisation, training and compression judge themselves by.
//
// Pictures are read, looked at and matched at the same time over `threads`; only detections and
// matches are kept, so memory does not grow with the pixels of the set. The same numbers for any
// number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "detect/detector.h"
#include "eval/confusion.h"
#include "eval/match.h"
#include "eval/scores.h"

namespace shrike {

// conf 0.001, every class of a box over it, at most 300 boxes, NMS IoU as the model's family.
DetectOptions validation_detect_options();

// How the model's classes are those of the data set.
enum class ClassMatching {
  kByName,   // names must agree, in any order; a model without names: by index, equal numbers
  kByIndex,  // numbers only
};

struct ValidateOptions {
  DetectOptions detect = validation_detect_options();
  ClassMatching classes = ClassMatching::kByName;
  ConfusionOptions confusion;
  bool keep_detections = false;  // for --save-json and the report's pictures
  // Called after each picture, from one thread at a time; false ends the run early.
  std::function<bool(size_t done, size_t total)> progress;
};

struct SkippedPicture {
  size_t sample = 0;
  std::string reason;
};

struct Validation {
  std::vector<PictureMatches> matches;            // by sample
  std::vector<std::vector<Detection>> detections; // by sample, classes of the data set; or empty
  ConfusionMatrix confusion{0};
  Scores scores;
  Timing speed;                         // mean a picture
  std::vector<SkippedPicture> skipped;  // could not be read: not scored
};

// Errors: kInput where the names do not agree (both lists are in the message), or no picture could
// be read; kModel and kRuntime as Detector::detect's. A run that `progress` ended gives kRuntime.
Result<Validation> validate(Detector& detector, const Dataset& dataset,
                            const ValidateOptions& options);

}  // namespace shrike
