#include <algorithm>

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

// What interpolation was before operator set 11.
void add_asymmetric_floor(Draft& draft) {
  draft.attributes.push_back(string_attribute("coordinate_transformation_mode", "asymmetric"));
  draft.attributes.push_back(string_attribute("nearest_mode", "floor"));
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

Result<void> upsample_to_resize(Draft& draft, Builder&) {
  if (draft.inputs.size() != 2) return draft.fail("needs two inputs");
  // Upsample took any "linear" name that Resize takes.
  draft.op = "Resize";
  draft.inputs = {draft.inputs[0], kNoValue, draft.inputs[1]};
  add_asymmetric_floor(draft);
  return {};
}

Result<void> resize_10(Draft& draft, Builder&) {
  // Drafts of the form (x, roi, scales) come from Upsample.
  if (draft.inputs.size() != 2) return {};
  draft.inputs = {draft.inputs[0], kNoValue, draft.inputs[1]};
  add_asymmetric_floor(draft);
  return {};
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
  if (mode->s != "VALID")
    return draft.fail("auto_pad '" + std::string(mode->s) + "' is not supported");
  draft.take("pads");  // VALID means none
  return {};
}

Result<void> check_window(Draft& draft, Builder&) {
  if (!draft.find("kernel_shape")) return draft.fail("has no kernel_shape");
  return expect_2d(draft);
}

}  // namespace shrike::onnx
