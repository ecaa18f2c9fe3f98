// The lists of passes, and what other folders ask of them.
#pragma once

#include <span>

#include "passes/pass.h"

namespace shrike {

// Meaning and operators as in the file, less what is constant or does nothing.
std::span<const Pass> cleanup_passes();

// For running: f32 throughout, batch norms folded, activations and residuals fused. Requires
// static input shapes to fold what depends on them.
std::span<const Pass> inference_passes();

// For saving: only operators that ONNX has; undoes fusing and lifting.
std::span<const Pass> saving_passes();

// For saving with the batch norms folded, behind the passes for saving.
std::span<const Pass> folding_passes();

// Binds the inputs to `shapes`, then runs cleanup, expansion of lifted heads, and inference passes:
// a graph that a Session takes and that gives the file's own outputs.
Result<Graph> prepare_for_inference(Graph graph, std::span<const Shape> shapes,
                                    const PassOptions& options = {});

// The shapes of the graph's inputs, dynamic batch taken as 1 and dynamic height and width as
// `height` and `width`. An error when something else is dynamic, or a fixed size differs.
Result<std::vector<Shape>> input_shapes(const Graph& graph, int height, int width);

}  // namespace shrike
