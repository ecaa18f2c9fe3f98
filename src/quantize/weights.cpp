#include "quantize/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/ops/quantize.h"

namespace shrike {

namespace {

// Elements of one output channel.
size_t channel_size(const Tensor& weights) {
  return static_cast<size_t>(weights.size() / weights.shape()[0]);
}

template <typename T>
void round_weights(const Tensor& weights, int bits, ChannelWeights& result) {
  const auto most_steps = static_cast<float>(largest_weight(kDTypeOf<T>, bits));
  const size_t size = channel_size(weights);
  const std::span<const float> from = weights.data<float>();
  const std::span<T> q = result.q.mutable_data<T>();
  const std::span<float> scales = result.scales.mutable_data<float>();
  for (size_t o = 0; o < scales.size(); ++o) {
    const std::span<const float> channel = from.subspan(o * size, size);
    float most = 0;
    for (const float w : channel) most = std::max(most, std::fabs(w));
    scales[o] = std::max(most / most_steps, kLeastScale);
    for (size_t i = 0; i < size; ++i)
      q[o * size + i] = static_cast<T>(
          std::clamp(std::nearbyint(channel[i] / scales[o]), -most_steps, most_steps));
  }
}

template <typename T>
Tensor dequantized(const ChannelWeights& weights) {
  Tensor result(DType::kF32, weights.q.shape());
  const std::span<float> out = result.mutable_data<float>();
  const std::span<const T> q = weights.q.data<T>();
  const size_t size = channel_size(weights.q);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(q[i]) * weights.scales.data<float>()[i / size];
  return result;
}

template <typename T>
void make_room(const Tensor& bias, float x_scale, ChannelWeights& weights) {
  constexpr double kMostSteps = 0x1p30;
  const size_t size = channel_size(weights.q);
  for (size_t o = 0; o < static_cast<size_t>(weights.scales.size()); ++o) {
    const double real = std::fabs(static_cast<double>(bias.data<float>()[o]));
    const auto least = static_cast<float>(real / (static_cast<double>(x_scale) * kMostSteps));
    const float before = weights.scales.data<float>()[o];
    if (before >= least) continue;
    weights.scales.mutable_data<float>()[o] = least;
    for (T& q : weights.q.mutable_data<T>().subspan(o * size, size))
      q = static_cast<T>(std::nearbyint(static_cast<float>(q) * (before / least)));
  }
}

}  // namespace

int largest_weight(DType type, int bits) {
  return type == DType::kI8 ? (1 << (bits - 1)) - 1 : 2047;
}

ChannelWeights nearest_weights(const Tensor& weights, DType type, int bits) {
  ChannelWeights result{Tensor(type, weights.shape()),
                        Tensor(DType::kF32, Shape{weights.shape()[0]})};
  if (type == DType::kI8)
    round_weights<int8_t>(weights, bits, result);
  else
    round_weights<int16_t>(weights, bits, result);
  return result;
}

Tensor dequantized(const ChannelWeights& weights) {
  return weights.q.dtype() == DType::kI8 ? dequantized<int8_t>(weights)
                                         : dequantized<int16_t>(weights);
}

ChannelWeights with_room_for(const Tensor& bias, float x_scale, ChannelWeights weights) {
  if (weights.q.dtype() == DType::kI8)
    make_room<int8_t>(bias, x_scale, weights);
  else
    make_room<int16_t>(bias, x_scale, weights);
  return weights;
}

Tensor bias_steps(const Tensor* bias, float x_scale, const Tensor& scales) {
  Tensor result(DType::kI32, scales.shape());
  const std::span<int32_t> out = result.mutable_data<int32_t>();
  for (size_t o = 0; o < out.size(); ++o) {
    const double step = static_cast<double>(x_scale) * static_cast<double>(scales.data<float>()[o]);
    const double real = bias ? static_cast<double>(bias->data<float>()[o]) : 0;
    constexpr double kMostSteps = std::numeric_limits<int32_t>::max();
    out[o] = static_cast<int32_t>(std::clamp(std::nearbyint(real / step), -kMostSteps, kMostSteps));
  }
  return result;
}

}  // namespace shrike
