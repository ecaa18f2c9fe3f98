// Weights as integers: symmetric, one scale for each output channel.
#pragma once

#include "base/tensor.h"

namespace shrike {

struct ChannelWeights {
  Tensor q;       // i8 or i16, the shape of the weights; at most largest_weight(), either sign
  Tensor scales;  // f32, (O)
};

inline constexpr int kLeastWeightBits = 2, kWeightBits = 8;

// Of i8 127; where fewer `bits` are wanted the largest of those, of 4 bits 7: they are stored as
// bytes all the same. Of i16 2047: kernels sum the more products in 32 bits the smaller weights are
// (kernels/qconv/word_packing.h), and 12 bits are as good as 16 beside activations of 16.
int largest_weight(DType type, int bits = kWeightBits);

// The nearest integers, the largest weight of a channel being largest_weight() where that is a
// scale to compute with (ir/ops/quantize.h). Takes f32 of (O, ...), finite.
ChannelWeights nearest_weights(const Tensor& weights, DType type = DType::kI8,
                               int bits = kWeightBits);

// What they stand for.
Tensor dequantized(const ChannelWeights& weights);

// The same in larger steps where the bias would be more than 2^30 of x_scale * scales[o]: beside
// such a bias the weights of the channel are next to nothing.
ChannelWeights with_room_for(const Tensor& bias, float x_scale, ChannelWeights weights);

// bias[o] in steps of x_scale * scales[o], at most what 32 bits hold; zeros without a bias.
Tensor bias_steps(const Tensor* bias, float x_scale, const Tensor& scales);

}  // namespace shrike
