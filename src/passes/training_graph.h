// A graph as the trainer takes it: at one input size, in f32, batch norms as nodes, gated
// activations whole, the head lifted. Its constants are what is trained; nothing else of it changes
// until it is saved again.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"

namespace shrike {

struct TrainedHead {
  Head head;
  std::vector<ValueId> maps;  // raw maps, in the order of ir/ops/head.h
};

struct TrainingGraph {
  Graph graph;
  TrainedHead head;  // what detection uses
  // End-to-end models only (passes/one_to_many.h): the head that teaches the backbone, and the
  // values that the own head's gradients do not pass.
  std::optional<TrainedHead> one_to_many;
  std::vector<ValueId> detached;
};

// Errors (kModel, kUsage for a size that cannot be): no picture as the one input, a head that was
// not recognised (there is no loss for it), a size that the graph cannot be brought to.
Result<TrainingGraph> prepare_for_training(Graph graph, int height, int width);

// The same network for another input size: values keep their names, and so do all constants that
// are trained.
Result<TrainingGraph> resized(const TrainingGraph& training, int height, int width);

// A graph that is as those above make it, which a text or a file has brought back, with its heads
// found again. An error (kModel) where it has none.
Result<TrainingGraph> with_heads(Graph graph, std::vector<ValueId> detached);

// What is saved as the trained model: without the one-to-many head.
Graph trained_graph(const TrainingGraph& training);

}  // namespace shrike
