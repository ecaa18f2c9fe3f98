// Detectors shown the pictures of a data set.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "detect/detector.h"
#include "validate/class_map.h"

namespace shrike {

// What a detector says of one picture.
struct Sight {
  size_t sample = 0;             // index in the data set
  std::vector<Detection> boxes;  // classes of the data set; others are left out
  Timing timing;
  double read_ms = 0;   // from the file to pixels
  std::string skipped;  // why the picture could not be read, naming the file: nothing else counts
  bool finite = true;   // Detections::finite
};

// conf 0.001, every class of a box over it, at most 300 boxes, NMS IoU as the model's family or
// file.
DetectOptions validation_detect_options();

struct ViewOptions {
  DetectOptions detect = validation_detect_options();  // `classes` is set by the class matching
  ClassMatching classes = ClassMatching::kByName;
  // Pictures looked at side by side, each with as many threads as its detector has. Many streams of
  // one thread give the most pictures a second.
  int streams = 1;
};

// Pictures are read once and shown to all detectors in turn, so that their speeds are measured
// under the same load. The same sights for any number of streams.
class Viewer {
 public:
  // Borrows both. Errors: kInput where the names of the classes do not agree (both lists are in the
  // message); kRuntime: not enough memory.
  static Result<Viewer> create(std::span<Detector> detectors, const Dataset& dataset,
                               const ViewOptions& options);

  // Classes of the model that the data set does not have.
  int dropped_classes(size_t detector) const { return classes_[detector].dropped; }

  // Called from several threads at a time, for one picture in one thread, once for each detector.
  using Take = std::function<Result<void>(size_t detector, Sight)>;
  // Called after each picture, from one thread at a time; false ends the run early.
  using Progress = std::function<bool(size_t done)>;

  // Shows the samples, about in their order. Errors: kModel and kRuntime as Detector::detect's, in
  // the picture's context; those of `take`; a run that `progress` ended gives kRuntime.
  Result<void> look(std::span<const size_t> samples, const Take& take, const Progress& progress);

 private:
  class Run;

  Viewer(std::span<Detector> detectors, const Dataset& dataset) :
      detectors_(detectors), dataset_(&dataset) {}

  std::span<Detector> detectors_;
  const Dataset* dataset_;
  std::vector<ClassMap> classes_;           // by detector
  std::vector<DetectOptions> options_;      // by detector
  std::vector<std::vector<Detector>> more_;  // of the streams but the first
};

}  // namespace shrike
