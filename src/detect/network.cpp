#include "detect/network.h"

#include "base/excerpt.h"
#include "detect/input_size.h"
#include "formats/names_literal.h"
#include "ir/infer.h"
#include "ir/network_cost.h"
#include "passes/lift_head.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "passes/resize_input.h"

namespace shrike {

namespace {

const Shape* picture_shape(const Graph& graph) {
  if (graph.inputs.size() != 1) return nullptr;
  const Value& input = graph.value(graph.inputs[0]);
  return input.shape && input.shape->rank() == 4 ? &*input.shape : nullptr;
}

// Fixes every axis; fixed axes keep the size of the file.
Result<void> bind(Graph& graph, const LoadOptions& options) {
  const Shape* shape = picture_shape(graph);
  if (!shape || ((*shape)[1] != 3 && (*shape)[1] != kDynamic))
    return model_error("takes no picture: a detector has one input (N, 3, H, W)");
  const DType dtype = graph.value(graph.inputs[0]).dtype;
  if (dtype != DType::kF32 && dtype != DType::kF16)
    return model_error("takes pictures as " + std::string(dtype_name(dtype)) +
                       "; only f32 and f16 inputs are supported");
  if (options.imgsz) SHRIKE_TRY(check_size(graph, *options.imgsz));
  const std::array<int, 2> size = options.imgsz.value_or(default_size(graph));
  Shape bound = *shape;
  const int64_t wanted[] = {1, 3, size[0], size[1]};
  for (int axis = 0; axis < 4; ++axis)
    if (bound[axis] == kDynamic) bound[axis] = wanted[axis];
  for (int axis = 2; axis < 4; ++axis)
    if (bound[axis] < 1 || bound[axis] > kMaxImageSide)
      return model_error("takes pictures of " + to_string(bound) + "; sides are 1 to " +
                         std::to_string(kMaxImageSide));
  return bind_inputs(graph, std::vector{bound});
}

// The raw maps become the outputs; nothing behind them is computed.
void cut_at_head(Graph& graph) {
  graph.outputs = find_head(graph)->inputs;
  remove_dead(graph);
}

std::optional<int64_t> named_classes(const Graph& graph) {
  const auto found = graph.metadata.find("names");
  if (found == graph.metadata.end()) return std::nullopt;
  const Result<std::vector<std::string>> names = parse_names(found->second);
  if (!names) return std::nullopt;
  return static_cast<int64_t>(names->size());
}

struct LayoutFit {
  OutputLayout layout;
  int64_t classes;
};

// Every layout that output shape (N, rows, columns) can have, given the number of classes if known.
std::vector<LayoutFit> fitting_layouts(const Shape& output, std::optional<int64_t> classes) {
  const int64_t rows = output[1], columns = output[2];
  const auto fits = [&](int64_t count) { return count >= 1 && (!classes || *classes == count); };
  std::vector<LayoutFit> found;
  if (fits(rows - 4) && (classes || rows < columns)) found.push_back({OutputLayout::kV8, rows - 4});
  if (fits(columns - 5) && (classes || columns < rows))
    found.push_back({OutputLayout::kV5, columns - 5});
  if (columns == 6) found.push_back({OutputLayout::kEndToEnd, classes.value_or(0)});
  return found;
}

// Classes of an output read in a given layout; nothing when its shape does not allow it. The shape
// of end-to-end rows does not say: as many as have `names`, else COCO's 80.
std::optional<int64_t> classes_in(const Shape& output, OutputLayout layout,
                                  std::optional<int64_t> names) {
  int64_t classes = 0;
  if (layout == OutputLayout::kV8) classes = output[1] - 4;
  if (layout == OutputLayout::kV5 || layout == OutputLayout::kYolox) classes = output[2] - 5;
  if (layout == OutputLayout::kEndToEnd) classes = output[2] == 6 ? names.value_or(80) : 0;
  return classes >= 1 ? std::optional(classes) : std::nullopt;
}

Result<void> choose_layout(Network& network, const LoadOptions& options) {
  const Value& output = network.graph.value(network.graph.outputs[0]);
  // Extents that NonMaxSuppression leaves open do not matter; the rank does.
  if (!output.shape || output.shape->rank() != 3 || output.dtype != DType::kF32)
    return model_error(
        "output " + in_quotes(output.name) +
        " is no list of boxes, and its head was not recognised: " + network.why_not_lifted);
  const std::optional<int64_t> named = named_classes(network.graph);
  OutputLayout wanted = options.layout;
  if (wanted == OutputLayout::kAuto) {
    const std::vector<LayoutFit> fits = fitting_layouts(*output.shape, named);
    if (fits.size() != 1)
      return model_error("output " + in_quotes(output.name) + " of shape " +
                         to_string(*output.shape) +
                         (fits.empty() ? " has no known layout" : " fits more than one layout") +
                         "; name it with --layout (v8, v5, yolox or end-to-end)");
    wanted = fits[0].layout;
  }
  std::optional<int64_t> names = named;
  if (!names && !options.names.empty()) names = static_cast<int64_t>(options.names.size());
  const std::optional<int64_t> classes = classes_in(*output.shape, wanted, names);
  if (!classes)
    return model_error("output " + in_quotes(output.name) + " of shape " +
                       to_string(*output.shape) + " does not have the layout that --layout names");
  network.layout = wanted;
  network.classes = *classes;
  return {};
}

}  // namespace

Result<Network> make_network(Graph graph, const LoadOptions& options) {
  SHRIKE_TRY(bind(graph, options));
  SHRIKE_TRY(widen_f16(graph));
  SHRIKE_TRY(run_passes(graph, cleanup_passes()));
  Network network;
  if (options.layout == OutputLayout::kAuto) {
    const Result<LiftedHead> lifted = lift_head(graph);
    if (lifted) {
      network.own_nms = lifted->own_nms;
    } else {
      network.why_not_lifted = lifted.error().message;
    }
  } else {
    network.why_not_lifted = "--layout was given";
  }
  const Shape bound = *picture_shape(graph);
  const std::array<int, 2> size =
      options.imgsz.value_or(std::array{static_cast<int>(bound[2]), static_cast<int>(bound[3])});
  if (size[0] != bound[2] || size[1] != bound[3]) {
    Result<void> resized = resize_input(graph, size[0], size[1]);
    if (!resized)
      return network.why_not_lifted.empty()
                 ? resized.error()
                 : model_error(resized.error().message + " (" + network.why_not_lifted + ")");
  }
  network.height = size[0];
  network.width = size[1];
  if (const Node* head = find_head(graph)) {
    network.head = std::get<Head>(head->op);
    network.classes = network.head->num_classes;
    cut_at_head(graph);
  }
  network.macs = multiply_adds(graph);
  SHRIKE_TRY(run_passes(graph, inference_passes()));
  network.graph = std::move(graph);
  if (!network.head) SHRIKE_TRY(choose_layout(network, options));
  // Each gets a name.
  if (network.classes > static_cast<int64_t>(kMaxClasses))
    return model_error(std::to_string(network.classes) + " classes are over the limit of " +
                       std::to_string(kMaxClasses));
  return network;
}

}  // namespace shrike
