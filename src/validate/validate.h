// Validation: detectors over a data set, scored as COCO does. What `shrike val` prints, what
// quantisation, training and compression judge themselves by.
//
// Only detections and matches are kept, so memory does not grow with the pixels of the set. The
// same numbers for any number of streams.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "detect/detector.h"
#include "eval/confusion.h"
#include "validate/tally.h"
#include "validate/viewer.h"

namespace shrike {

struct ValidateOptions {
  ViewOptions view;
  ConfusionOptions confusion;
  bool keep_detections = false;  // for --save-json and the report's pictures
  // Called after each picture, from one thread at a time; false ends the run early.
  std::function<bool(size_t done, size_t total)> progress;
};

// Errors: kInput where the names do not agree (both lists are in the message), or no picture could
// be read; kModel and kRuntime as Detector::detect's. A run that `progress` ended gives kRuntime.
Result<Validation> validate(Detector& detector, const Dataset& dataset,
                            const ValidateOptions& options);

// Several detectors on the same pictures. One result a detector, in their order.
Result<std::vector<Validation>> validate(std::span<Detector> detectors, const Dataset& dataset,
                                         const ValidateOptions& options);

}  // namespace shrike
