// What would be trained, without training: the network built for it, next to the engine's.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "passes/training_graph.h"

namespace shrike {

struct DryRun {
  int64_t learned = 0;    // parameters, those of a one-to-many head included
  int64_t norms = 0;      // batch norms in the graph
  int64_t folded = 0;     // convolutions whose batch norm was folded, which training puts back
  double difference = 0;  // the largest of all raw maps' elements, as a part of its map's range
};

inline constexpr double kMostDifference = 1e-4;

// Pictures (N, 3, H, W) of slow waves, each of its own, in the range that the head's family takes:
// 0..1, of YOLOX 0..255. On noise, networks amplify what float32 rounds, the engine's and this one
// alike, by up to 2e-4 of a map's range from what doubles give; on pictures they do not.
Tensor waves(const Head& head, const Shape& shape);

// Runs both on one picture of waves. Errors: those of Module and Session.
Result<DryRun> dry_run(const TrainingGraph& training, int threads);

}  // namespace shrike
