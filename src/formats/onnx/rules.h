// The rules of upgrade.h's table, one function each. Each says what the older form was; every rule
// returns an error (kModel, naming the node) when the draft does not have the form it expects.
#pragma once

#include "formats/onnx/draft.h"

namespace shrike::onnx {

// Attributes that became inputs (rules_attributes.cpp).
Result<void> axes_to_input(Draft& draft, Builder& builder);    // Squeeze, Unsqueeze, Reduce*: axes
Result<void> split_to_input(Draft& draft, Builder& builder);   // Split: split
Result<void> slice_to_inputs(Draft& draft, Builder& builder);  // Slice: starts, ends, axes
Result<void> clip_to_inputs(Draft& draft, Builder& builder);   // Clip: min, max
Result<void> pad_to_inputs(Draft& draft, Builder& builder);    // Pad: pads, value
Result<void> top_k_to_input(Draft& draft, Builder& builder);   // TopK: k

// Operators that became others or changed meaning (rules_operators.cpp).
Result<void> constant_to_value(Draft& draft, Builder& builder);  // Constant node -> constant
Result<void> dropout_to_identity(Draft& draft, Builder& builder);
Result<void> scatter_to_elements(Draft& draft, Builder& builder);  // Scatter -> ScatterElements
Result<void> many_to_pairs(Draft& draft, Builder& builder);        // Max, Min, Sum of n inputs
Result<void> softmax_flattened(Draft& draft, Builder& builder);    // over all axes from `axis`
Result<void> pad_axes(Draft& draft, Builder& builder);             // Pad's fourth input
Result<void> drop_num_outputs(Draft& draft, Builder& builder);     // Split: follows from the node

// Integers (rules_quantize.cpp).
Result<void> quantized_type(Draft& draft, Builder& builder);  // the zero point says the type
Result<void> without_blocks(Draft& draft, Builder& builder);  // block_size is 0

// Feature maps (rules_feature_map.cpp).
Result<void> upsample_to_resize(Draft& draft, Builder& builder);  // asymmetric, floor or ceil
Result<void> resize_10(Draft& draft, Builder& builder);      // no roi; asymmetric, floor or ceil
Result<void> resize_inputs(Draft& draft, Builder& builder);  // roi dropped, empty is absent
Result<void> check_kernel(Draft& draft, Builder& builder);   // kernel_shape against weights
Result<void> transposed_padding(Draft& draft, Builder& builder);  // ConvTranspose: auto_pad
Result<void> check_window(Draft& draft, Builder& builder);        // pooling is 2-D

}  // namespace shrike::onnx
