#include <array>
#include <numeric>
#include <optional>
#include <vector>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

constexpr int64_t kColours = 3;

// Element k of a sliced axis is element start + k * step of the whole one's.
struct Axis {
  int64_t start = 0, step = 1;
};

// A map that Slices take rows and columns of another one for.
struct Part {
  ValueId whole;
  std::array<Axis, 2> axes;  // rows, columns
};

// The integers of a Slice's input, `absent` where it has none; nothing where they are not known.
std::optional<std::vector<int64_t>> bounds(const Graph& graph, const Node& slice, size_t input,
                                           std::vector<int64_t> absent) {
  if (slice.inputs.size() <= input || slice.inputs[input] == kNoValue) return absent;
  const Tensor* tensor = graph.constant(slice.inputs[input]);
  if (!tensor) return std::nullopt;
  if (tensor->dtype() == DType::kI64)
    return std::vector(tensor->data<int64_t>().begin(), tensor->data<int64_t>().end());
  if (tensor->dtype() == DType::kI32)
    return std::vector<int64_t>(tensor->data<int32_t>().begin(), tensor->data<int32_t>().end());
  return std::nullopt;
}

// The part behind one more Slice, in front of those that are known. False where that takes not all
// of a batch's pictures and of their channels, or rows or columns backwards or far apart.
bool extend(const Graph& graph, const Node& slice, Part& part) {
  const Shape *x = graph.static_shape(slice.inputs[0]), *y = graph.static_shape(slice.outputs[0]);
  const auto starts = bounds(graph, slice, 1, {});
  if (!x || !y || x->rank() != 4 || !starts || (*x)[0] != (*y)[0] || (*x)[1] != (*y)[1])
    return false;
  std::vector<int64_t> first_axes(starts->size());
  std::iota(first_axes.begin(), first_axes.end(), int64_t{0});
  const auto axes = bounds(graph, slice, 3, first_axes);
  const auto steps = bounds(graph, slice, 4, std::vector<int64_t>(starts->size(), 1));
  if (!axes || !steps) return false;
  for (size_t i = 0; i < starts->size(); ++i) {
    const int axis = *normalize_axis((*axes)[i], 4);
    const int64_t step = (*steps)[i];
    const int64_t start = (*starts)[i] < 0 ? (*starts)[i] + (*x)[axis] : (*starts)[i];
    if (step < 1 || step > 2 || start < 0 || start >= (*x)[axis]) return false;
    if (axis < 2) continue;
    Axis& known = part.axes[static_cast<size_t>(axis - 2)];
    if (known.step > 2) return false;
    known = {start + known.start * step, known.step * step};
  }
  part.whole = slice.inputs[0];
  return true;
}

Part part_of(const Graph& graph, const Uses& uses, ValueId value) {
  Part part{value, {}};
  for (int producer = uses.producer(value); producer >= 0; producer = uses.producer(part.whole)) {
    const Node& node = graph.nodes[static_cast<size_t>(producer)];
    if (!std::holds_alternative<Slice>(node.op) || !extend(graph, node, part)) break;
  }
  return part;
}

// Focus: a picture's pixels of even and odd rows and columns, each a part of the channels.
struct Focus {
  ValueId picture;
  std::array<size_t, 4> part;  // by 2 * (row % 2) + column % 2
};

std::optional<Focus> focus_of(const Graph& graph, const Uses& uses, const Node& concat) {
  const auto* op = std::get_if<Concat>(&concat.op);
  const Shape* y = op ? graph.static_shape(concat.outputs[0]) : nullptr;
  if (!y || y->rank() != 4 || normalize_axis(op->axis, 4) != 1 || concat.inputs.size() != 4)
    return std::nullopt;
  Focus focus{part_of(graph, uses, concat.inputs[0]).whole, {}};
  const Shape* x = graph.static_shape(focus.picture);
  if (!x || *x != Shape{(*y)[0], kColours, 2 * (*y)[2], 2 * (*y)[3]}) return std::nullopt;
  std::array<bool, 4> found{};
  for (size_t i = 0; i < 4; ++i) {
    const auto [whole, axes] = part_of(graph, uses, concat.inputs[i]);
    for (const Axis& axis : axes)
      if (axis.step != 2 || axis.start > 1) return std::nullopt;
    const auto phase = static_cast<size_t>(2 * axes[0].start + axes[1].start);
    if (whole != focus.picture || found[phase]) return std::nullopt;
    found[phase] = true;
    focus.part[phase] = i;
  }
  return focus;
}

// What reads the Concat: 3x3 at stride 1, of f32 weights that are there.
bool is_plain_3x3(const Graph& graph, const Node& node) {
  const auto* conv = std::get_if<Conv>(&node.op);
  const Tensor* weights =
      conv && node.inputs.size() <= 3 ? graph.constant(node.inputs[1]) : nullptr;
  const std::vector<int64_t> ones = {1, 1};
  return weights && weights->dtype() == DType::kF32 && conv->group == 1 &&
         conv->auto_pad == AutoPad::kNotSet && conv->strides == ones && conv->dilations == ones &&
         weights->shape() == Shape{weights->shape()[0], 4 * kColours, 3, 3};
}

// Taps 2 i + p of rows and columns are those of phase p.
Tensor spread(const Tensor& weights, const Focus& focus) {
  const int64_t outputs = weights.shape()[0];
  Tensor result(DType::kF32, Shape{outputs, kColours, 6, 6});
  const auto from = weights.data<float>();
  const auto to = result.mutable_data<float>();
  for (int64_t plane = 0; plane < outputs * kColours; ++plane)
    for (int64_t y = 0; y < 6; ++y)
      for (int64_t x = 0; x < 6; ++x) {
        const auto part =
            static_cast<int64_t>(focus.part[static_cast<size_t>(2 * (y % 2) + x % 2)]);
        const int64_t channel =
            plane / kColours * 4 * kColours + part * kColours + plane % kColours;
        to[static_cast<size_t>((plane * 6 + y) * 6 + x)] =
            from[static_cast<size_t>((channel * 3 + y / 2) * 3 + x / 2)];
      }
  return result;
}

}  // namespace

Result<void> fold_focus_into_conv(Graph& graph) {
  const Uses uses(graph);
  bool changed = false;
  for (Node& node : graph.nodes) {
    if (!is_plain_3x3(graph, node)) continue;
    const int producer = uses.producer(node.inputs[0]);
    if (producer < 0 || !uses.single_use(node.inputs[0])) continue;
    const auto focus = focus_of(graph, uses, graph.nodes[static_cast<size_t>(producer)]);
    if (!focus) continue;
    Tensor weights = spread(*graph.constant(node.inputs[1]), *focus);
    auto& conv = std::get<Conv>(node.op);
    conv.strides = {2, 2};
    for (int64_t& pad : conv.pads) pad *= 2;
    node.inputs[0] = focus->picture;
    node.inputs[1] = graph.add_constant(graph.value(node.outputs[0]).name + ".focus_weights",
                                        std::move(weights));
    changed = true;
  }
  if (changed) remove_dead(graph);
  return {};
}

}  // namespace shrike
