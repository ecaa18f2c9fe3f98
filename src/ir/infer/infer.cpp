#include "ir/infer.h"
#include "base/excerpt.h"
#include "ir/describe.h"

#include <algorithm>

#include "ir/infer/rules.h"

namespace shrike {

namespace infer {

const std::optional<Shape>& Inputs::shape(size_t i) const {
  static const std::optional<Shape> none;
  return has(i) ? value(i).shape : none;
}

std::optional<std::vector<int64_t>> Inputs::ints(size_t i) const {
  const Tensor* tensor = constant(i);
  if (!tensor) return std::nullopt;
  if (tensor->dtype() == DType::kI64) {
    const std::span<const int64_t> data = tensor->data<int64_t>();
    return std::vector<int64_t>(data.begin(), data.end());
  }
  if (tensor->dtype() == DType::kI32) {
    const std::span<const int32_t> data = tensor->data<int32_t>();
    return std::vector<int64_t>(data.begin(), data.end());
  }
  return std::nullopt;
}

Result<void> Inputs::expect_inputs(size_t least, size_t most) const {
  if (count() > most)
    return fail("takes at most " + std::to_string(most) + " inputs, has " +
                std::to_string(count()));
  for (size_t i = 0; i < least; ++i)
    if (!has(i)) return fail("input " + std::to_string(i) + " is missing");
  return {};
}

Result<void> Inputs::expect_i64(size_t i) const {
  if (!has(i)) return {};
  if (dtype(i) != DType::kI64)
    return fail("input " + std::to_string(i) + " must hold i64, holds " +
                std::string(dtype_name(dtype(i))));
  if (shape(i) && shape(i)->rank() > 1)
    return fail("input " + std::to_string(i) + " must be a list, has shape " +
                to_string(*shape(i)));
  return {};
}

Result<void> Inputs::expect_indices(size_t i) const {
  if (!has(i) || dtype(i) == DType::kI64 || dtype(i) == DType::kI32) return {};
  return fail("input " + std::to_string(i) + " must hold i64 or i32, holds " +
              std::string(dtype_name(dtype(i))));
}

Error Inputs::fail(const std::string& why) const {
  return model_error(describe(graph_, node_) + ": " + why);
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> dims(static_cast<size_t>(rank));
  for (int i = 0; i < rank; ++i) {
    const int from_a = i - (rank - a.rank()), from_b = i - (rank - b.rank());
    const int64_t x = from_a < 0 ? 1 : a[from_a], y = from_b < 0 ? 1 : b[from_b];
    int64_t& out = dims[static_cast<size_t>(i)];
    if (x == y || y == 1) {
      out = x;
    } else if (x == 1) {
      out = y;
    } else if (x == kDynamic || y == kDynamic) {
      out = std::max(x, y);
    } else {
      return std::nullopt;
    }
  }
  return Shape(std::move(dims));
}

std::optional<Shape> unknown_extents(const std::optional<Shape>& extents, int least) {
  if (!extents || extents->rank() != 1 || (*extents)[0] < 0 || (*extents)[0] > kMostAxes)
    return std::nullopt;
  const int64_t rank = std::max<int64_t>((*extents)[0], least);
  return Shape(std::vector<int64_t>(static_cast<size_t>(rank), kDynamic));
}

Outputs like_first(const Inputs& in) { return one(in.dtype(0), in.shape(0)); }

Outputs one(DType dtype, std::optional<Shape> shape) { return {{dtype, std::move(shape)}}; }

}  // namespace infer

Result<void> infer_node(Graph& graph, const Node& node) {
  const infer::Inputs inputs(graph, node);
  SHRIKE_ASSIGN(infer::Outputs outputs,
                std::visit([&](const auto& op) { return infer::infer(op, inputs); }, node.op));
  if (node.outputs.size() > outputs.size())
    return inputs.fail("has " + std::to_string(node.outputs.size()) + " outputs, gives " +
                       std::to_string(outputs.size()));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    infer::Inferred& found = outputs[i];
    if (found.shape && !within_limits(*found.shape))
      return inputs.fail("an output of " + describe(*found.shape) + " is too large");
    Value& value = graph.value(node.outputs[i]);
    value.dtype = found.dtype;
    value.shape = std::move(found.shape);
  }
  return {};
}

Result<void> infer_shapes(Graph& graph) {
  for (const Node& node : graph.nodes) SHRIKE_TRY(infer_node(graph, node));
  return {};
}

Result<void> bind_inputs(Graph& graph, std::span<const Shape> shapes) {
  if (shapes.size() != graph.inputs.size())
    return input_error("the model has " + std::to_string(graph.inputs.size()) + " inputs, " +
                       std::to_string(shapes.size()) + " were given");
  for (size_t i = 0; i < shapes.size(); ++i) {
    Value& input = graph.value(graph.inputs[i]);
    bool fits = !input.shape || input.shape->rank() == shapes[i].rank();
    if (input.shape && fits)
      for (int axis = 0; axis < shapes[i].rank(); ++axis)
        fits =
            fits && ((*input.shape)[axis] == kDynamic || (*input.shape)[axis] == shapes[i][axis]);
    if (!fits || !shapes[i].is_static() || !within_limits(shapes[i]))
      return input_error("input " + in_quotes(input.name) + " takes shape " +
                         (input.shape ? to_string(*input.shape) : "?") + ", not " +
                         describe(shapes[i]));
    input.shape = shapes[i];
    input.symbols.clear();
  }
  return infer_shapes(graph);
}

}  // namespace shrike
