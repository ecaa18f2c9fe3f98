#include <algorithm>

#include "base/excerpt.h"
#include "formats/onnx/rules.h"

namespace shrike::onnx {

namespace {

// The tensor that a Constant node's one attribute says.
Result<Tensor> constant_of(const Draft& draft, Builder& builder) {
  if (draft.attributes.size() != 1) return draft.fail("needs exactly one attribute");
  const Attribute& a = draft.attributes[0];
  const auto length = [](const auto& list) { return Shape{static_cast<int64_t>(list.size())}; };
  if (a.name == "value" && a.type == AttributeType::kTensor) {
    Result<NamedTensor> read = builder.tensors.read(a.tensor);
    if (!read) return draft.fail(read.error().message);
    return std::move(read->tensor);
  }
  if (a.name == "value_float" && a.type == AttributeType::kFloat) return Tensor::scalar(a.f);
  if (a.name == "value_int" && a.type == AttributeType::kInt) return Tensor::scalar(a.i);
  if (a.name == "value_floats" && a.type == AttributeType::kFloats)
    return Tensor::from<float>(length(a.floats), a.floats);
  if (a.name == "value_ints" && a.type == AttributeType::kInts)
    return Tensor::from<int64_t>(length(a.ints), a.ints);
  return draft.fail("attribute " + in_quotes(a.name) + " is not supported");
}

}  // namespace

Result<void> constant_to_value(Draft& draft, Builder& builder) {
  SHRIKE_ASSIGN(Tensor tensor, constant_of(draft, builder));
  Value& value = builder.graph.value(draft.output());
  value.dtype = tensor.dtype();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
  draft.done = true;
  return {};
}

Result<void> dropout_to_identity(Draft& draft, Builder& builder) {
  if (draft.has_input(2)) {
    const Tensor* training = builder.graph.constant(draft.inputs[2]);
    if (!training || training->dtype() != DType::kBool || training->empty() ||
        training->bytes()[0] != std::byte{0})
      return draft.fail("training mode is not supported");
  }
  draft.take("ratio");
  draft.take("seed");
  if (draft.inputs.size() > 1) draft.inputs.erase(draft.inputs.begin() + 1, draft.inputs.end());
  draft.op = "Identity";
  return {};
}

Result<void> scatter_to_elements(Draft& draft, Builder&) {
  draft.op = "ScatterElements";
  return {};
}

Result<void> many_to_pairs(Draft& draft, Builder& builder) {
  // Each pair has the names of the node and of its output, which may be long.
  constexpr size_t kMostInputs = 64;
  const size_t count = draft.inputs.size();
  if (count > kMostInputs)
    return draft.fail(std::to_string(count) + " inputs are more than " +
                      std::to_string(kMostInputs));
  if (draft.op == "Sum") draft.op = "Add";
  if (count == 0 || std::count(draft.inputs.begin(), draft.inputs.end(), kNoValue) > 0)
    return draft.fail("an input is missing");
  if (count == 1) draft.op = "Identity";
  if (count <= 2) return {};
  const Op pair = *op_from_name(draft.op);
  ValueId so_far = draft.inputs[0];
  for (size_t i = 1; i + 1 < count; ++i) {
    SHRIKE_ASSIGN(so_far,
                  builder.emit(draft, pair, {so_far, draft.inputs[i]}, "part" + std::to_string(i)));
  }
  draft.inputs = {so_far, draft.inputs.back()};
  return {};
}

Result<void> softmax_flattened(Draft& draft, Builder& builder) {
  // Before 13: x is seen as a matrix split at `axis` (default 1), each row one distribution. The
  // same as today's where only the last axis is longer than 1 from there on.
  SHRIKE_ASSIGN(const int64_t axis, draft.take_int("axis", 1));
  if (!draft.has_input(0)) return draft.fail("input 0 is missing");
  if (!draft.attributes.empty())
    return draft.fail("attribute " + in_quotes(draft.attributes[0].name) + " is not supported");
  const Shape* shape = builder.shape(draft.inputs[0]);
  const std::optional<int> split =
      shape ? normalize_axis(axis, shape->rank()) : std::optional<int>();
  if (shape && !split) return draft.fail("axis " + std::to_string(axis) + " is out of range");
  if (axis == -1 || (split && *split == shape->rank() - 1)) return {};  // the default, -1

  SHRIKE_ASSIGN(const ValueId extents,
                builder.emit(draft, ShapeOf{}, {draft.inputs[0]}, "extents"));
  SHRIKE_ASSIGN(const ValueId matrix,
                builder.emit(draft, Flatten{.axis = axis}, {draft.inputs[0]}, "matrix"));
  SHRIKE_ASSIGN(const ValueId rows, builder.emit(draft, Softmax{.axis = 1}, {matrix}, "rows"));
  draft.done = true;
  return builder.emit(draft, Reshape{}, {rows, extents}, draft.outputs);
}

Result<void> pad_axes(Draft& draft, Builder& builder) {
  // Since 18 a fourth input may name the axes that pads are for; the others get none.
  if (!draft.has_input(3)) return {};
  const Tensor* axes = builder.graph.constant(draft.inputs[3]);
  const Tensor* pads = draft.has_input(1) ? builder.graph.constant(draft.inputs[1]) : nullptr;
  const Shape* shape = draft.has_input(0) ? builder.shape(draft.inputs[0]) : nullptr;
  if (!axes || !pads || !shape || axes->dtype() != DType::kI64 || pads->dtype() != DType::kI64 ||
      pads->size() != 2 * axes->size())
    return draft.fail("axes and pads that are not constant, or do not match, are not supported");
  const auto rank = static_cast<size_t>(shape->rank());
  std::vector<int64_t> all(2 * rank, 0);
  for (size_t i = 0; i < axes->data<int64_t>().size(); ++i) {
    const std::optional<int> axis = normalize_axis(axes->data<int64_t>()[i], shape->rank());
    if (!axis) return draft.fail("an axis is out of range");
    all[static_cast<size_t>(*axis)] = pads->data<int64_t>()[i];
    all[static_cast<size_t>(*axis) + rank] =
        pads->data<int64_t>()[i + static_cast<size_t>(axes->size())];
  }
  draft.inputs[1] = builder.ints(draft, "pads", all);
  draft.inputs.resize(3);
  return {};
}

Result<void> drop_num_outputs(Draft& draft, Builder& builder) {
  // Since 18 equal parts have to be asked for.
  if (builder.opset >= 18 && !draft.has_input(1)) SHRIKE_TRY(draft.expect_attribute("num_outputs"));
  SHRIKE_ASSIGN(const int64_t given,
                draft.take_int("num_outputs", static_cast<int64_t>(draft.outputs.size())));
  if (given != static_cast<int64_t>(draft.outputs.size()))
    return draft.fail("num_outputs is " + std::to_string(given) + ", the node has " +
                      std::to_string(draft.outputs.size()));
  return {};
}

}  // namespace shrike::onnx
