#include "detect/input_size.h"

#include "formats/names_literal.h"

namespace shrike {

namespace {

constexpr int kUsualSide = 640;

}  // namespace

std::optional<ValueId> picture_input(const Graph& graph) {
  for (ValueId id : graph.inputs)
    if (graph.value(id).shape && graph.value(id).shape->rank() == 4) return id;
  return std::nullopt;
}

std::array<int, 2> default_size(const Graph& graph) {
  std::array<int, 2> size = {kUsualSide, kUsualSide};
  if (const auto found = graph.metadata.find("imgsz"); found != graph.metadata.end())
    if (const Result<ImageSize> stated = parse_image_size(found->second))
      size = {static_cast<int>(stated->height), static_cast<int>(stated->width)};
  const std::optional<ValueId> input = picture_input(graph);
  if (!input) return size;
  const Shape& shape = *graph.value(*input).shape;
  for (int axis = 2; axis < 4; ++axis)
    if (shape[axis] > 0 && shape[axis] <= INT32_MAX)
      size[static_cast<size_t>(axis - 2)] = static_cast<int>(shape[axis]);
  return size;
}

Result<void> check_size(const Graph& graph, const std::array<int, 2>& size) {
  const auto found = graph.metadata.find("stride");
  const std::optional<ValueId> input = picture_input(graph);
  if (found == graph.metadata.end() || !input) return {};
  const Result<int64_t> stride = parse_stride(found->second);
  if (!stride) return {};
  const Shape& shape = *graph.value(*input).shape;
  const auto fits = [&](int64_t extent, int side) { return extent == side || side % *stride == 0; };
  if (fits(shape[2], size[0]) && fits(shape[3], size[1])) return {};
  return usage_error("imgsz " + std::to_string(size[0]) + "x" + std::to_string(size[1]) +
                     " is not a multiple of the model's stride " + std::to_string(*stride));
}

}  // namespace shrike
