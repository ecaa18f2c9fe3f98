// conv_norm() and concatenation on f32 maps in the channels-last layout, on a CPU.
//
// oneDNN's convolutions are as fast in this layout as in blocked ones, and LibTorch's other
// operators keep it, so that a network has no conversions but of its pictures. Of each convolution
// only z is kept; maps that are functions of such z, also side by side (concatenated) or in parts
// (split), are computed again when backward needs them (channels_last_parts.h). Backward writes
// dL/dz over z, so it runs once: again it throws. Gradients may come in any layout.
#pragma once

#include "train/conv_norm.h"

namespace shrike::train {

// Whether maps like x are computed here.
bool takes_channels_last(const at::Tensor& x);

// Requires takes_channels_last(in.x) and symmetric windows.
at::Tensor channels_last_conv_norm(const ConvNormInputs& in, const ConvNorm& op, double momentum,
                                   const RankSum& over_ranks);

// Along channels. Requires maps (N, C, H, W) that differ in C alone, all of which
// takes_channels_last().
at::Tensor channels_last_join(at::TensorList maps);

}  // namespace shrike::train
