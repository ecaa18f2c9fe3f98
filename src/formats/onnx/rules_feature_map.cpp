#include <algorithm>

#include "base/excerpt.h"
#include "formats/onnx/rules.h"

namespace shrike::onnx {

namespace {

Attribute string_attribute(std::string_view name, std::string_view value) {
  Attribute attribute;
  attribute.name = name;
  attribute.type = AttributeType::kString;
  attribute.s = value;
  return attribute;
}

// What interpolation was before operator set 11: asymmetric, and of the two nearest pixels ONNX
// Runtime takes the lower one when it enlarges, the upper one when it shrinks.
struct Extremes {
  float least, most;
};

Result<Extremes> scales_of(const Draft& draft, const Builder& builder, size_t input) {
  const Tensor* scales = builder.graph.constant(draft.inputs[input]);
  if (!scales || scales->dtype() != DType::kF32 || scales->empty())
    return draft.fail("mode 'nearest' before operator set 11 needs constant scales");
  const auto [least, most] =
      std::minmax_element(scales->data<float>().begin(), scales->data<float>().end());
  return Extremes{*least, *most};
}

Result<std::string_view> nearest_mode_10(const Draft& draft, const Builder& builder,
                                         size_t scales) {
  const Attribute* mode = draft.find("mode");
  if (mode && mode->s != "nearest") return std::string_view("floor");  // not asked for
  if (draft.op == "Upsample") return std::string_view("floor");        // enlarges by definition
  SHRIKE_ASSIGN(const Extremes scale, scales_of(draft, builder, scales));
  if (!(scale.least < 1)) return std::string_view("floor");
  if (scale.most > 1) return draft.fail("shrinks one axis and enlarges another: not supported");
  return std::string_view("ceil");
}

// The same for Upsample, whose scales are at least 1, and for Resize; both become (x, roi, scales).
Result<void> resize_as_before_11(Draft& draft, const Builder& builder) {
  if (draft.inputs.size() != 2) return draft.fail("needs two inputs");
  SHRIKE_ASSIGN(const std::string_view nearest, nearest_mode_10(draft, builder, 1));
  draft.attributes.push_back(string_attribute("coordinate_transformation_mode", "asymmetric"));
  draft.attributes.push_back(string_attribute("nearest_mode", nearest));
  draft.inputs = {draft.inputs[0], kNoValue, draft.inputs[1]};
  return {};
}

Result<void> expect_2d(const Draft& draft, std::string_view attribute, size_t per_axis) {
  const Attribute* found = draft.find(attribute);
  if (!found || found->ints.size() == 2 * per_axis) return {};
  return draft.fail(std::to_string(found->ints.size() / per_axis) +
                    "-D windows are not supported, only 2-D (attribute '" + std::string(attribute) +
                    "')");
}

Result<void> expect_2d(const Draft& draft) {
  SHRIKE_TRY(expect_2d(draft, "kernel_shape", 1));
  SHRIKE_TRY(expect_2d(draft, "strides", 1));
  SHRIKE_TRY(expect_2d(draft, "dilations", 1));
  SHRIKE_TRY(expect_2d(draft, "output_padding", 1));
  return expect_2d(draft, "pads", 2);
}

}  // namespace

Result<void> upsample_to_resize(Draft& draft, Builder& builder) {
  // Upsample took any "linear" name that Resize takes.
  SHRIKE_TRY(resize_as_before_11(draft, builder));
  draft.op = "Resize";
  return {};
}

Result<void> resize_10(Draft& draft, Builder& builder) {
  // Drafts of the form (x, roi, scales) come from Upsample.
  return draft.inputs.size() == 3 ? Result<void>() : resize_as_before_11(draft, builder);
}

Result<void> resize_inputs(Draft& draft, Builder& builder) {
  if (draft.inputs.size() < 3) return draft.fail("needs scales or sizes");
  // roi serves tf_crop_and_resize alone, which ir/ops does not know.
  draft.inputs.erase(draft.inputs.begin() + 1);
  // Sets 11 and 12 write an empty tensor where a later one leaves the input out.
  for (size_t i = 1; i < draft.inputs.size(); ++i) {
    const Tensor* tensor = builder.graph.constant(draft.inputs[i]);
    if (tensor && tensor->empty()) draft.inputs[i] = kNoValue;
  }
  return {};
}

Result<void> check_kernel(Draft& draft, Builder& builder) {
  SHRIKE_TRY(expect_2d(draft));
  SHRIKE_ASSIGN(const std::optional<std::vector<int64_t>> kernel, draft.take_ints("kernel_shape"));
  if (!draft.has_input(1)) return draft.fail("has no weights");
  const Shape* weights = builder.shape(draft.inputs[1]);
  if (!weights) return {};
  if (weights->rank() != 4)
    return draft.fail(std::to_string(weights->rank() - 2) +
                      "-D convolution is not supported, only 2-D");
  for (int i = 0; kernel && i < 2; ++i) {
    const int64_t extent = (*weights)[i + 2];
    if (extent != kDynamic && (*kernel)[static_cast<size_t>(i)] != extent)
      return draft.fail("kernel_shape does not fit the weights' shape " + to_string(*weights));
  }
  return {};
}

Result<void> transposed_padding(Draft& draft, Builder&) {
  const std::optional<Attribute> mode = draft.take("auto_pad");
  if (!mode || mode->s == "NOTSET") return {};
  if (mode->s != "VALID") return draft.fail("auto_pad " + in_quotes(mode->s) + " is not supported");
  draft.take("pads");  // VALID means none
  return {};
}

Result<void> check_window(Draft& draft, Builder&) { return expect_2d(draft); }

}  // namespace shrike::onnx
