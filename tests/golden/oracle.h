// What a detector finds in pictures, beside what an oracle found: ONNX Runtime with pre- and
// post-processing in NumPy and OpenCV (the shared folder's golden/README.md says how).
#pragma once

#include <filesystem>
#include <string>

#include "detect/detector.h"

namespace shrike {

struct Tolerance {
  float iou = 0.98f;             // at least
  float score = 0.005f;          // at most
  float near_threshold = 0.01f;  // who lies this close to the threshold may be missing on a side
};

// The oracle's detections of a model, by the stem of its file.
std::filesystem::path oracle_file(const std::string& model);

// An expectation for each detection of either side that the other lacks, and that there are any.
// `pictures`: below the shared folder's data/.
void expect_like_oracle(Detector& detector, const std::filesystem::path& oracle,
                        const std::string& pictures, const Tolerance& tolerance = {});

}  // namespace shrike
