// Validation: detectors over a data set, scored as COCO does. What `shrike val` prints, what
// quantisation, training and compression judge themselves by.
//
// Pictures are read, looked at and matched by several streams at the same time, a picture a stream;
// only detections and matches are kept, so memory does not grow with the pixels of the set. The
// same numbers for any number of streams.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "detect/detector.h"
#include "eval/confusion.h"
#include "eval/match.h"
#include "eval/scores.h"
#include "validate/class_map.h"

namespace shrike {

// conf 0.001, every class of a box over it, at most 300 boxes, NMS IoU as the model's family or
// file.
DetectOptions validation_detect_options();

struct ValidateOptions {
  DetectOptions detect = validation_detect_options();  // `classes` is set by the class matching
  ClassMatching classes = ClassMatching::kByName;
  ConfusionOptions confusion;
  // Pictures looked at side by side, each with as many threads as its detector has. Many streams of
  // one thread give the most pictures a second.
  int streams = 1;
  bool keep_detections = false;  // for --save-json and the report's pictures
  // Called after each picture, from one thread at a time; false ends the run early.
  std::function<bool(size_t done, size_t total)> progress;
};

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
};

// Errors: kInput where the names do not agree (both lists are in the message), or no picture could
// be read; kModel and kRuntime as Detector::detect's. A run that `progress` ended gives kRuntime.
Result<Validation> validate(Detector& detector, const Dataset& dataset,
                            const ValidateOptions& options);

// Several detectors on the same pictures: each picture is read once and shown to all in turn, so
// that their speeds are measured under the same load. One result a detector, in their order.
Result<std::vector<Validation>> validate(std::span<Detector> detectors, const Dataset& dataset,
                                         const ValidateOptions& options);

}  // namespace shrike
