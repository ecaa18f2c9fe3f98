#include "quantize/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

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
