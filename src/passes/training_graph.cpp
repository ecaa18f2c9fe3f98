#include "passes/training_graph.h"

#include "base/excerpt.h"
#include "ir/infer.h"
#include "passes/lift_head.h"
#include "passes/one_to_many.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "passes/resize_input.h"

namespace shrike {

namespace {

// Dynamic extents become those wanted; fixed ones stay for now: the head is lifted at that size.
Result<Shape> bind_picture(Graph& graph, int height, int width) {
  if (graph.inputs.size() != 1 || !graph.value(graph.inputs[0]).shape ||
      graph.value(graph.inputs[0]).shape->rank() != 4)
    return model_error("takes no picture: a detector has one input (N, 3, H, W)");
  Shape shape = *graph.value(graph.inputs[0]).shape;
  const int64_t wanted[] = {1, 3, height, width};
  for (int axis = 0; axis < 4; ++axis)
    if (shape[axis] == kDynamic) shape[axis] = wanted[axis];
  if (shape[0] != 1 || shape[1] != 3)
    return model_error("takes pictures of " + to_string(shape) +
                       "; training wants a model of one picture of 3 channels at a time");
  SHRIKE_TRY(bind_inputs(graph, std::vector{shape}));
  return shape;
}

TrainedHead trained_head(const Node& node) { return {std::get<Head>(node.op), node.inputs}; }

}  // namespace

Result<TrainingGraph> with_heads(Graph graph, std::vector<ValueId> detached) {
  TrainingGraph training{std::move(graph), {}, std::nullopt, std::move(detached)};
  const Node* const head = find_head(training.graph);
  if (!head) return model_error("its head was not recognised, so there is no loss");
  training.head = trained_head(*head);
  if (const Node* many = find_one_to_many(training.graph))
    training.one_to_many = trained_head(*many);
  return training;
}

Result<TrainingGraph> prepare_for_training(Graph graph, int height, int width) {
  SHRIKE_TRY(widen_f16(graph));
  SHRIKE_ASSIGN(const Shape shape, bind_picture(graph, height, width));
  SHRIKE_TRY(run_passes(graph, cleanup_passes()));
  if (const Result<LiftedHead> lifted = lift_head(graph); !lifted)
    return in_context("its head was not recognised, so there is no loss for it", lifted.error());
  if (!find_head(graph)) return model_error("its head was not recognised, so there is no loss");
  if (shape[2] != height || shape[3] != width) SHRIKE_TRY(resize_input(graph, height, width));
  SHRIKE_TRY(run_passes(graph, cleanup_passes()));
  SHRIKE_TRY(fuse_gated_activations(graph));
  SHRIKE_ASSIGN(std::vector<ValueId> detached, add_one_to_many(graph));
  return with_heads(std::move(graph), std::move(detached));
}

Result<TrainingGraph> resized(const TrainingGraph& training, int height, int width) {
  Graph graph = trained_graph(training);
  SHRIKE_TRY(resize_input(graph, height, width));
  SHRIKE_ASSIGN(std::vector<ValueId> detached, add_one_to_many(graph));
  return with_heads(std::move(graph), std::move(detached));
}

Graph trained_graph(const TrainingGraph& training) {
  Graph graph = training.graph;
  remove_one_to_many(graph);
  return graph;
}

}  // namespace shrike
