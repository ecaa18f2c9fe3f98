// Every pass's function. Each is in the file of its name.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Nodes whose inputs are all constant become constants; Shape of a static shape too. Results that
// are large, or many, stay nodes (fold_constants.cpp has the bounds), and so does DequantizeLinear.
Result<void> fold_constants(Graph& graph);

// The same with DequantizeLinear: weights that a file holds as integers become floats.
Result<void> fold_dequantized(Graph& graph);

// Identity, casts to the same type, reshapes to the same shape, and the like.
Result<void> remove_no_ops(Graph& graph);

// f16 constants, inputs and casts become f32, and with them all that is computed. That is more
// precise than the file: nothing rounds to f16 any more, neither what was f16 throughout nor what a
// cast to f16 and back rounded on purpose. Outputs that the file declares f16 come out as f32.
Result<void> widen_f16(Graph& graph);

// x * sigmoid(x) -> Silu(x); x * hardsigmoid(x) -> HardSwish(x); x * tanh(softplus(x)) -> Mish(x).
Result<void> fuse_gated_activations(Graph& graph);

// Conv or ConvTranspose followed by BatchNormalization becomes one convolution with a bias, of the
// weights' type (f32 or f16; computed in double and rounded once).
Result<void> fold_batchnorm_into_conv(Graph& graph);

// What BatchNormalization remains becomes a multiplication and an addition per channel.
Result<void> lower_batchnorm(Graph& graph);

// Conv followed by an activation -> Conv with that activation.
Result<void> fuse_activation_into_conv(Graph& graph);

// act(Conv1x1(Concat(Resize(x), y))) -> act(Conv1x1(y) + Resize(Conv1x1(x))) where the Resize
// repeats pixels, which a 1x1 convolution does not see: it computes fewer, and nothing is joined.
// Where other nodes read the joined map, or more channels would be repeated than before, not.
Result<void> split_upsampled_concat(Graph& graph);

// Conv3x3(Concat of a picture's pixels of even and odd rows and columns) -> Conv6x6 of the picture
// with stride 2: YOLOX's Focus as YOLOv5 has it, of a picture of three channels. The same products,
// for kernels that make no map of the parts (kernels/conv/focus.h).
Result<void> fold_focus_into_conv(Graph& graph);

// Conv(x) + y of the same static shape -> Conv with a residual.
Result<void> fuse_residual_into_conv(Graph& graph);

// QuantizeLinear behind Concat alone -> one in front of each of its inputs: parts of other scales
// are joined as integers.
Result<void> raise_quantize(Graph& graph);

// Conv of dequantised x and weights -> QConv, with the QuantizeLinear that alone reads it; without
// one, a curved activation and a residual become nodes behind it. Weights
// become i8 or i16 without a zero point, the bias steps of x_scale * scales[o]; what no QConv can say,
// or would overflow 32-bit sums (46 of 16-bit integers), stays as it is.
Result<void> fuse_integer_conv(Graph& graph);

// DequantizeLinear behind the operators that only move elements or pick the largest, which then
// work on integers; with the QuantizeLinear of the same parameters behind it, it goes.
Result<void> sink_dequantize(Graph& graph);

// i8 activations become u8 with a zero point 128 larger, u16 ones i16 with one 32768 smaller: what
// kernels take.
Result<void> settle_signs(Graph& graph);

// QuantizeLinear behind functions of one u8 tensor alone (an activation between its own Q and DQ,
// a change of scale) -> Lookup in a table of what the nodes make of each byte.
Result<void> fuse_byte_functions(Graph& graph);

// Q(DQ(a) + DQ(b)) of u8 or i16 tensors of one shape -> QAdd.
Result<void> fuse_integer_add(Graph& graph);

// Undoes the three fusions for saving: Silu, fused activations and residuals in ONNX operators.
Result<void> expand_fused(Graph& graph);

// Head nodes written out in ONNX operators. Requires static maps.
Result<void> expand_head(Graph& graph);

}  // namespace shrike
