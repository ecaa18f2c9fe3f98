#include "formats/onnx/upgrade.h"

#include <climits>

#include "formats/onnx/rules.h"

namespace shrike::onnx {

namespace {

constexpr int kAlways = INT_MAX;

constexpr Upgrade kUpgrades[] = {
    {"Constant", kAlways, constant_to_value},
    {"Dropout", kAlways, dropout_to_identity},
    {"Max", kAlways, many_to_pairs},
    {"Min", kAlways, many_to_pairs},
    {"Sum", kAlways, many_to_pairs},
    {"Scatter", kAlways, scatter_to_elements},
    {"Softmax", 13, softmax_flattened},

    {"Clip", 11, clip_to_inputs},
    {"Pad", 11, pad_to_inputs},
    {"Pad", kAlways, pad_axes},
    {"Slice", 10, slice_to_inputs},
    {"Split", 13, split_to_input},
    {"Split", kAlways, drop_num_outputs},
    {"Squeeze", 13, axes_to_input},
    {"Unsqueeze", 13, axes_to_input},
    {"TopK", 10, top_k_to_input},
    {"ReduceSum", 13, axes_to_input},
    {"ReduceMax", 18, axes_to_input},
    {"ReduceMin", 18, axes_to_input},
    {"ReduceMean", 18, axes_to_input},
    {"ReduceProd", 18, axes_to_input},

    {"Upsample", kAlways, upsample_to_resize},
    {"Resize", 11, resize_10},
    {"Resize", kAlways, resize_inputs},
    {"Conv", kAlways, check_kernel},
    {"ConvTranspose", kAlways, check_kernel},
    {"ConvTranspose", kAlways, transposed_padding},
    {"QuantizeLinear", kAlways, quantized_type},
    {"DequantizeLinear", kAlways, without_blocks},
    {"MaxPool", kAlways, check_window},
    {"AveragePool", kAlways, check_window},
};

}  // namespace

std::span<const Upgrade> upgrades() { return kUpgrades; }

Result<void> upgrade(Draft& draft, Builder& builder) {
  for (const Upgrade& row : kUpgrades) {
    if (draft.done) break;
    if (draft.op == row.op && builder.opset < row.below) SHRIKE_TRY(row.apply(draft, builder));
  }
  return {};
}

}  // namespace shrike::onnx
