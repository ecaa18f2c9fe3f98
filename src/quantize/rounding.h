// Weights as integers that change a layer's output least, given what it is multiplied with.
//
// With e = w - q * scale of one output channel and S the covariance of the rows x (moments.h), the
// output is off by e . x, whose variance is e' S e (its mean goes into the bias). Rounding weights
// to the nearest ignores what the rows have in common. Here they are rounded one after the other,
// those of the largest variance first, and each takes over what the errors before it make of it:
// with S = L D L' in that order reversed,
//   q[k] = round((w[k] + sum over j rounded before of e[j] L[j][k]) / scale)
// (LDLQ of Chee, Cai, Kuleshov, De Sa, "QuIP", 2023, which shows that GPTQ of Frantar, Ashkboos,
// Hoefler, Alistarh, 2022, is the same.) To the diagonal of S a hundredth of its mean is added.
#pragma once

#include <span>

#include "base/thread_pool.h"
#include "quantize/moments.h"
#include "quantize/weights.h"

namespace shrike {

// To i8 of so many bits (weights.h). `weights`: f32 (O, ...); moments[g] of the g-th share of the
// channels, their size a channel's.
ChannelWeights round_for_output(const Tensor& weights, std::span<const Moments> moments,
                                ThreadPool& pool, int bits = kWeightBits);

// The mean over the channels of e' S e, where e = weights - dequantized(q): what the outputs'
// variance is off by.
double output_error(const Tensor& weights, const ChannelWeights& q,
                    std::span<const Moments> moments);

}  // namespace shrike
