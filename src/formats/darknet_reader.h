// Reads a Darknet detector (.cfg and .weights) into a graph.
//
// Sections: net, convolutional, maxpool, upsample, route, shortcut, dropout, yolo; others are an
// error that names the section. BatchNormalization nodes are kept. All [yolo] sections become one
// Head node (kDarknet) over the raw maps in file order, which is the graph's only output, `output0`
// (N, anchors, 5 + classes). The input is `images` (1, channels, height, width), RGB in 0..1.
//
// Metadata as Ultralytics' exports: task "detect", stride (the largest), imgsz "[h, w]"; and
// `preprocess`, "stretch" or, with letter_box=1, "darknet_letterbox". No class names: Darknet keeps
// them elsewhere (names_literal.h).
//
// Weights borrow the mapped file's bytes. The file must be used to its last float.
// The format: the sources of pjreddie/darknet and AlexeyAB/darknet (parser.c).
#pragma once

#include <filesystem>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// Errors (kModel) name the file, and the section with its line: unknown or unsupported sections,
// options and activations, sizes that do not fit, weights missing or left over (in floats and
// bytes).
Result<Graph> read_darknet(const std::filesystem::path& cfg, const std::filesystem::path& weights);

// The same of a .cfg alone: weights that are zero, to be trained from random ones.
Result<Graph> read_darknet_cfg(const std::filesystem::path& cfg);

}  // namespace shrike
