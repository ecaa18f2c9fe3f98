// The layers between a feature map and the raw maps of its scale. Private to zoo.
#pragma once

#include <vector>

#include "zoo/network_builder.h"

namespace shrike::zoo {

inline constexpr int64_t kRegMax = 16;

// YOLOv8's head, or with `depthwise` YOLO11's, whose class branch is depthwise-separable, on the
// features of strides 8, 16, 32. Returns the finished graph.
Graph anchor_free_head(NetworkBuilder net, const std::string& name,
                       const std::vector<ValueId>& features, int64_t classes, bool depthwise);

// YOLOv5's: one predictor a scale over three anchors.
Graph anchor_head(NetworkBuilder net, const std::string& name, const std::vector<ValueId>& features,
                  int64_t classes);

}  // namespace shrike::zoo
