#include "end_to_end.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "formats/onnx_writer.h"
#include "ir/infer.h"
#include "passes/pipeline.h"
#include "zoo/scratch.h"

namespace shrike::testing {

namespace {

// The first `count` rows of a constant along its first axis.
void keep_rows(Graph& graph, ValueId id, int64_t count) {
  const Tensor whole = *graph.constant(id);
  Shape shape = whole.shape();
  shape[0] = count;
  Tensor part(DType::kF32, shape);
  const std::span<const float> from = whole.data<float>();
  const std::span<float> to = part.mutable_data<float>();
  std::copy(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(to.size()), to.begin());
  graph.value(id).shape = shape;
  graph.value(id).constant = std::move(part);
}

// Boxes as distances, not as distributions.
void without_distributions(Graph& graph, const std::vector<ValueId>& maps) {
  for (size_t m = 0; m < maps.size(); m += 2)
    for (const Node& node : graph.nodes)
      if (node.outputs[0] == maps[m])
        for (size_t i = 1; i < node.inputs.size(); ++i) keep_rows(graph, node.inputs[i], 4);
}

}  // namespace

void write_end_to_end(const std::filesystem::path& path, int64_t reg_max) {
  Result<Graph> graph = zoo::scratch_model("yolov8n", {.classes = 2, .size = {{64, 64}}});
  ASSERT_TRUE(graph) << graph.error().message;
  for (Node& node : graph->nodes)
    if (Head* head = std::get_if<Head>(&node.op)) {
      head->max_det = 20;
      head->box_format = BoxFormat::kXyxy;
      head->reg_max = reg_max;
      if (reg_max == 1) without_distributions(*graph, node.inputs);
    }
  const Result<void> inferred = infer_shapes(*graph);
  ASSERT_TRUE(inferred) << inferred.error().message;
  graph->metadata["names"] = "{0: 'red', 1: 'blue'}";
  for (const std::span<const Pass> passes : {saving_passes(), cleanup_passes(), folding_passes()}) {
    const Result<void> run = run_passes(*graph, passes);
    ASSERT_TRUE(run) << run.error().message;
  }
  const Result<void> saved = save_onnx(*graph, path);
  ASSERT_TRUE(saved) << saved.error().message;
}

}  // namespace shrike::testing
