// Weights as integers: symmetric, one scale for each output channel.
#pragma once

#include "base/tensor.h"

namespace shrike {

struct ChannelWeights {
  Tensor q;       // i8, the shape of the weights; -127 .. 127
  Tensor scales;  // f32, (O)
};

// The nearest integers, the largest weight of a channel being 127 where that is a scale to compute
// with (ir/ops/quantize.h). Takes f32 of (O, ...), finite.
ChannelWeights nearest_weights(const Tensor& weights);

// What they stand for.
Tensor dequantized(const ChannelWeights& weights);

// The same in larger steps where the bias would be more than 2^30 of x_scale * scales[o]: beside
// such a bias the weights of the channel are next to nothing.
ChannelWeights with_room_for(const Tensor& bias, float x_scale, ChannelWeights weights);

// bias[o] in steps of x_scale * scales[o], at most what 32 bits hold; zeros without a bias.
Tensor bias_steps(const Tensor* bias, float x_scale, const Tensor& scales);

}  // namespace shrike
