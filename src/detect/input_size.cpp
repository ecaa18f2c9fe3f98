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

}  // namespace shrike
