// The built-in families, by name: which there are, and each as a graph.
//
//   yolov8n|s|m          Ultralytics, 2023
//   yolo11n|s|m          Ultralytics, 2024
//   yolov5n|s|m          Ultralytics, release 6.0 and later: anchors, objectness
//   yolov5nu|su|mu       the same backbone and neck under YOLOv8's head, as Ultralytics has them
//   yolov3-tiny          Redmon and Farhadi 2018, arXiv 1804.02767, and its cfg
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike::zoo {

std::vector<std::string> family_names();

// The network for so many classes at this input size (multiples of 32), weights still zero, batch
// norms as nodes, with one lifted head. Metadata: stride, task. Errors (kUsage): an unknown name,
// no class or too many, a size that is no multiple of 32.
Result<Graph> family_graph(std::string_view name, int64_t classes, int64_t height, int64_t width);

}  // namespace shrike::zoo
