#include "kernels/activation/activation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shrike::kernels {
namespace {

TEST(Activation, TableFollowsTheEnumeration) {
  int index = 0;
  for (const ActivationInfo& info : kActivations) {
    EXPECT_EQ(static_cast<int>(info.kind), index++);
    EXPECT_EQ(activation_info(info.kind).name, info.name);
  }
}

TEST(Activation, KnownValues) {
  const auto at = [](ActivationKind kind, float x, float alpha = 0, float beta = 0) {
    return apply_reference({kind, alpha, beta}, x);
  };
  EXPECT_EQ(at(ActivationKind::kNone, -3), -3);
  EXPECT_EQ(at(ActivationKind::kRelu, -3), 0);
  EXPECT_FLOAT_EQ(at(ActivationKind::kLeakyRelu, -3, 0.1f), -0.3f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kSteepLeakyRelu, -3, 1.5f), -4.5f);
  EXPECT_EQ(at(ActivationKind::kClip, 7, 0, 6), 6);
  EXPECT_FLOAT_EQ(at(ActivationKind::kSigmoid, 1), 0.731058578f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kSilu, 1), 0.731058578f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kMish, 1), 0.865098388f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kHardSigmoid, 1, 0.2f, 0.5f), 0.7f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kHardSwish, 1), 2.0f / 3);
  EXPECT_FLOAT_EQ(at(ActivationKind::kElu, -1, 2), -1.26424112f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kSelu, -1, 1.67326319f, 1.05070102f), -1.11133074f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kSoftplus, 1), 1.31326169f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kGelu, 1), 0.841344746f);
  EXPECT_FLOAT_EQ(at(ActivationKind::kGeluTanh, 1), 0.841191991f);
  EXPECT_EQ(at(ActivationKind::kRound, 2.5f), 2);
  EXPECT_EQ(at(ActivationKind::kReciprocal, 4), 0.25f);
}

TEST(Activation, ExtremesStayFinite) {
  EXPECT_EQ(apply_reference({ActivationKind::kMish}, 100), 100);
  EXPECT_EQ(apply_reference({ActivationKind::kSoftplus}, 100), 100);
  EXPECT_NEAR(apply_reference({ActivationKind::kMish}, -100), 0, 1e-30);
  EXPECT_EQ(apply_reference({ActivationKind::kSilu}, -200), 0);
}

}  // namespace
}  // namespace shrike::kernels
