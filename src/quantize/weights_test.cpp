#include "quantize/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "ir/ops/quantize.h"

namespace shrike {
namespace {

TEST(NearestWeights, WithinHalfAStepOfEachChannel) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  Tensor w(DType::kF32, Shape{3, 2, 3, 3});
  for (float& value : w.mutable_data<float>()) value = normal(random);
  for (size_t i = 18; i < 36; ++i) w.mutable_data<float>()[i] *= 1000;
  for (size_t i = 36; i < 54; ++i) w.mutable_data<float>()[i] = 0;
  const ChannelWeights q = nearest_weights(w);
  const Tensor back = dequantized(q);
  for (size_t i = 0; i < 54; ++i)
    EXPECT_LE(std::fabs(back.data<float>()[i] - w.data<float>()[i]),
              0.5001f * q.scales.data<float>()[i / 18]);
  EXPECT_GT(q.scales.data<float>()[1], 100 * q.scales.data<float>()[0]);
  EXPECT_GT(q.scales.data<float>()[2], 0);
}

TEST(NearestWeights, OfFewerBits) {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  Tensor w(DType::kF32, Shape{2, 3, 3, 3});
  for (float& value : w.mutable_data<float>()) value = normal(random);
  for (int bits = kLeastWeightBits; bits <= kWeightBits; ++bits) {
    const ChannelWeights q = nearest_weights(w, DType::kI8, bits);
    int most = 0;
    for (const int8_t value : q.q.data<int8_t>()) most = std::max(most, std::abs(int{value}));
    EXPECT_EQ(most, (1 << (bits - 1)) - 1) << bits;
    const Tensor back = dequantized(q);
    for (size_t i = 0; i < 54; ++i)
      EXPECT_LE(std::fabs(back.data<float>()[i] - w.data<float>()[i]),
                0.5001f * q.scales.data<float>()[i / 27]);
  }
}

TEST(NearestWeights, OfSixteenBitsAreFiner) {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  Tensor w(DType::kF32, Shape{2, 3, 3, 3});
  for (float& value : w.mutable_data<float>()) value = normal(random);
  const ChannelWeights q = nearest_weights(w, DType::kI16);
  ASSERT_EQ(q.q.dtype(), DType::kI16);
  int most = 0;
  for (const int16_t value : q.q.data<int16_t>()) most = std::max(most, std::abs(int{value}));
  EXPECT_EQ(most, largest_weight(DType::kI16));
  const Tensor back = dequantized(q);
  for (size_t i = 0; i < 54; ++i)
    EXPECT_NEAR(back.data<float>()[i], w.data<float>()[i],
                0.5001f * q.scales.data<float>()[i / 27]);
}

// Dead channels keep their bias: it is as good as exact.
TEST(WithRoomFor, ABiasFarAboveItsWeights) {
  const Tensor w = Tensor::from<float>(Shape{3, 1, 1, 2}, {0, 0, 1e-9f, -2e-9f, 0.5f, 1});
  const Tensor bias = Tensor::from<float>(Shape{3}, {0.3f, -700, 1});
  constexpr float kStep = 1.0f / 64;
  const ChannelWeights before = nearest_weights(w), after = with_room_for(bias, kStep, before);
  const Tensor steps = bias_steps(&bias, kStep, after.scales), back = dequantized(after);
  for (size_t o = 0; o < 3; ++o) {
    const float scale = after.scales.data<float>()[o];
    EXPECT_GE(scale, kLeastScale);
    EXPECT_LE(std::abs(steps.data<int32_t>()[o]), (1 << 30) + 128);
    EXPECT_NEAR(static_cast<float>(steps.data<int32_t>()[o]) * kStep * scale, bias.data<float>()[o],
                1e-6f * std::fabs(bias.data<float>()[o]));
    for (size_t i = 2 * o; i < 2 * o + 2; ++i)
      EXPECT_NEAR(back.data<float>()[i], w.data<float>()[i], 0.51f * scale);
  }
  EXPECT_EQ(after.scales.data<float>()[2], before.scales.data<float>()[2]);
}

TEST(BiasSteps, RoundedAndWithin32Bits) {
  const Tensor scales = Tensor::from<float>(Shape{3}, {0.5f, 1e-12f, 2});
  const Tensor bias = Tensor::from<float>(Shape{3}, {1, -1e9f, 0.3f});
  const Tensor steps = bias_steps(&bias, 0.25f, scales);
  EXPECT_EQ(steps.data<int32_t>()[0], 8);
  EXPECT_EQ(steps.data<int32_t>()[1], -std::numeric_limits<int32_t>::max());
  EXPECT_EQ(steps.data<int32_t>()[2], 1);
  EXPECT_EQ(bias_steps(nullptr, 1, scales).data<int32_t>()[0], 0);
}

}  // namespace
}  // namespace shrike
