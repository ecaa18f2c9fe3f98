#include "passes/pipeline.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>

#include "base/excerpt.h"
#include "base/memory.h"
#include "ir/infer.h"
#include "ir/verify.h"
#include "passes/passes.h"

namespace shrike {

namespace {

constexpr Pass kFoldConstants = {"fold_constants", "what does not depend on the picture",
                                 fold_constants};
constexpr Pass kRemoveNoOps = {"remove_no_ops", "nodes that change nothing", remove_no_ops};
constexpr Pass kFoldBatchnorm = {"fold_batchnorm_into_conv",
                                 "scale and shift into weights and bias", fold_batchnorm_into_conv};
constexpr Pass kExpandHead = {"expand_head", "lifted heads in ONNX operators", expand_head};

constexpr Pass kCleanup[] = {kFoldConstants, kRemoveNoOps};

constexpr Pass kFolding[] = {kFoldBatchnorm};

constexpr Pass kInference[] = {
    kExpandHead,
    {"widen_f16", "f16 weights computed in f32", widen_f16},
    kFoldConstants,
    kRemoveNoOps,
    {"fuse_gated_activations", "Silu, HardSwish, Mish from their parts", fuse_gated_activations},
    kFoldBatchnorm,
    {"lower_batchnorm", "the batch norms that are left", lower_batchnorm},
    {"fuse_activation_into_conv", "activations in the convolution's epilogue",
     fuse_activation_into_conv},
    {"split_upsampled_concat", "1x1 convolutions before upsampling, not behind it",
     split_upsampled_concat},
    {"fold_focus_into_conv", "a picture's phases read by the first convolution itself",
     fold_focus_into_conv},
    {"fuse_residual_into_conv", "residual additions in the convolution's epilogue",
     fuse_residual_into_conv},
    {"raise_quantize", "parts joined as integers", raise_quantize},
    {"fuse_integer_conv", "convolutions between integers", fuse_integer_conv},
    {"sink_dequantize", "integers moved as integers", sink_dequantize},
    {"settle_signs", "i8 activations as u8, u16 as i16", settle_signs},
    {"fuse_byte_functions", "functions of one byte as tables", fuse_byte_functions},
    {"fuse_integer_add", "additions between integers", fuse_integer_add},
    {"fold_dequantized", "weights that were integers computed in floats", fold_dequantized},
};

constexpr Pass kSaving[] = {
    kExpandHead,
    {"expand_fused", "activations and residuals as nodes of their own", expand_fused},
};

Result<void> run(const Pass& pass, Graph& graph) {
  try {
    return pass.run(graph);
  } catch (const std::bad_alloc&) {
    return out_of_memory("rewriting the graph");
  }
}

}  // namespace

std::span<const Pass> cleanup_passes() { return kCleanup; }
std::span<const Pass> inference_passes() { return kInference; }
std::span<const Pass> saving_passes() { return kSaving; }
std::span<const Pass> folding_passes() { return kFolding; }

Result<void> run_passes(Graph& graph, std::span<const Pass> passes, const PassOptions& options) {
  using Clock = std::chrono::steady_clock;
  const bool verifies = options.verify || std::getenv("SHRIKE_VERIFY") != nullptr;
  for (const Pass& pass : passes) {
    if (std::find(options.skip.begin(), options.skip.end(), pass.name) != options.skip.end())
      continue;
    const size_t before = graph.nodes.size();
    const Clock::time_point start = Clock::now();
    if (Result<void> result = run(pass, graph); !result)
      return in_context(std::string(pass.name), result.error());
    const std::chrono::duration<double, std::milli> took = Clock::now() - start;
    if (options.report)
      options.report->push_back({pass.name, before, graph.nodes.size(), took.count()});
    if (!verifies) continue;
    if (Result<void> result = verify(graph); !result)
      return in_context("after " + std::string(pass.name), result.error());
  }
  return {};
}

Result<Graph> prepare_for_inference(Graph graph, std::span<const Shape> shapes,
                                    const PassOptions& options) {
  SHRIKE_TRY(bind_inputs(graph, shapes));
  SHRIKE_TRY(run_passes(graph, inference_passes(), options));
  return graph;
}

Result<std::vector<Shape>> input_shapes(const Graph& graph, int height, int width) {
  std::vector<Shape> shapes;
  for (ValueId id : graph.inputs) {
    const Value& input = graph.value(id);
    if (!input.shape) return model_error("input " + in_quotes(input.name) + " has no known rank");
    Shape shape = *input.shape;
    const int64_t wanted[] = {1, kDynamic, height, width};
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (shape[axis] == kDynamic && shape.rank() == 4) shape[axis] = wanted[axis];
      if (shape[axis] == kDynamic)
        return model_error("input " + in_quotes(input.name) + " of shape " +
                           to_string(*input.shape) +
                           " is no picture: only its batch, height and width may be dynamic");
    }
    if (shape.rank() == 4 && (shape[2] != height || shape[3] != width))
      return input_error("the model's input " + in_quotes(input.name) + " is fixed at " +
                         std::to_string(shape[2]) + "x" + std::to_string(shape[3]));
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

}  // namespace shrike
