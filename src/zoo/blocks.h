// The blocks that Ultralytics' families are made of, by their published names. Facts of the
// architectures: the models' configuration files and files of weights, and the papers named.
#pragma once

#include <string>

#include "zoo/network_builder.h"

namespace shrike::zoo {

// Two convolutions, kernels `first` and 3; the input added where asked for.
struct BottleneckShape {
  int64_t out = 1, hidden = 1, first = 3;
  bool shortcut = true;
};
ValueId bottleneck(NetworkBuilder& net, const std::string& name, ValueId x,
                   const BottleneckShape& shape);

struct BlockShape {
  int64_t out = 1;
  int64_t repeats = 1;
  bool shortcut = true;
  int64_t hidden = 0;  // channels of one branch; 0: half of `out`
};

// YOLOv5: two branches, one through bottlenecks (1x1, 3x3), joined by a third convolution.
ValueId c3(NetworkBuilder& net, const std::string& name, ValueId x, const BlockShape& shape);

// YOLOv8: one branch through bottlenecks (3x3, 3x3), each of whose outputs is joined.
ValueId c2f(NetworkBuilder& net, const std::string& name, ValueId x, const BlockShape& shape);

// YOLO11: C2f with half-width bottlenecks, or, with `nested`, with C3 blocks of two 3x3
// bottlenecks.
ValueId c3k2(NetworkBuilder& net, const std::string& name, ValueId x, const BlockShape& shape,
             bool nested);

// Three maximum pools one behind the other, all joined (after He et al., arXiv 1406.4729).
ValueId sppf(NetworkBuilder& net, const std::string& name, ValueId x, int64_t out);

// YOLO11 (as YOLOv10's PSA, arXiv 2405.14458): one half through self-attention over all positions
// and a feed-forward layer, `repeats` times. Heads of 64 channels, keys half as long.
ValueId c2psa(NetworkBuilder& net, const std::string& name, ValueId x, int64_t repeats);

}  // namespace shrike::zoo
