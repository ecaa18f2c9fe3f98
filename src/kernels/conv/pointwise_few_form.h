// Sums along the channels on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like and its added_up(Vec (&)[kLanes]), whose lane i is the sum of
// the lanes of vector i.
#pragma once

#include "kernels/conv/pointwise_few.h"

namespace shrike::kernels {
namespace {

// Pixels whose sums fill one vector, and the vectors that they are before they are added up.
template <int kOutputs>
struct FewSums {
  static constexpr int kPixels = kLanes / kOutputs;
  Vec sums[kLanes];

  // `count` of the pixels are there; the sums of the others are of the last one.
  [[gnu::always_inline]] FewSums(const PointwiseStrip& strip, const float* input, int64_t count) {
    const float* pixels[kPixels];
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p)
      pixels[p] = input + (p < count ? p : count - 1) * strip.input_step;
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) sums[i] = splat(0.0f);
    const int64_t padded = (strip.depth + kLanes - 1) / kLanes * kLanes;
    int64_t k = 0;
    for (; k + kLanes <= strip.depth; k += kLanes)
      add(strip.weights + k, padded, [&](int p) { return load(pixels[p] + k); });
    if (k < strip.depth)
      add(strip.weights + k, padded,
          [&](int p) { return load_some(pixels[p] + k, strip.depth - k); });
  }

 private:
  template <typename Load>
  [[gnu::always_inline]] void add(const float* weights, int64_t padded, const Load& input) {
    Vec w[kOutputs];
#pragma GCC unroll 4
    for (int o = 0; o < kOutputs; ++o) w[o] = load_aligned(weights + o * padded);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      const Vec x = input(p);
#pragma GCC unroll 4
      for (int o = 0; o < kOutputs; ++o) sums[p * kOutputs + o] = fma(x, w[o], sums[p * kOutputs + o]);
    }
  }
};

template <int kOutputs, typename Act>
void few_strip(const PointwiseStrip& strip) {
  constexpr int kPixels = FewSums<kOutputs>::kPixels;
  const Act act(strip.activation);
  const Vec bias = load_aligned(strip.bias);
  for (int64_t p = 0; p < strip.count; p += kPixels) {
    const int64_t count = strip.count - p < kPixels ? strip.count - p : kPixels;
    FewSums<kOutputs> tile(strip, strip.input + p * strip.input_step, count);
    alignas(64) float results[kLanes];
    store_aligned(results, act(added_up(tile.sums) + bias));
    float* output = strip.output + p * strip.output_step;
    for (int64_t i = 0; i < count; ++i, output += strip.output_step)
      for (int64_t o = 0; o < strip.columns; ++o) output[o] = results[i * kOutputs + o];
  }
}

inline PointwiseFunction few_function(int64_t outputs, ActivationKind kind) {
  return with_vector_activation(kind, [outputs]<typename Act>() -> PointwiseFunction {
    if (outputs == 1) return few_strip<1, Act>;
    return outputs == 2 ? few_strip<2, Act> : few_strip<4, Act>;
  });
}

}  // namespace
}  // namespace shrike::kernels
