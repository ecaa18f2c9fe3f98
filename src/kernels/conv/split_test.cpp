// Products of split numbers against the reference, and against sums in double: they are held to
// what kernels of single products are held to, whatever the numbers' sizes.
#include "kernels/conv/split.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

const ConvKernel& row() {
  for (const ConvKernel& kernel : conv_kernels())
    if (std::strcmp(kernel.name, "amx_split") == 0) return kernel;
  return conv_kernels().back();
}

#if SHRIKE_KERNELS_AVX2
TEST(SplitRow, IsInTheTable) { EXPECT_STREQ(row().name, "amx_split"); }
#endif

class Split : public ::testing::Test {
 protected:
  void SetUp() override {
    if (cpu_lacks(row().need, cpu_features()) || row().need == CpuNeed::kNothing)
      GTEST_SKIP() << "no tiles of bfloat16 here";
  }
  // The row computes the problem, whether that is fast or not.
  void check(ConvProblem p, Gaps in = {}, Gaps out = {}) {
    p.by_estimate = false;
    ASSERT_EQ(row().refuse(p), nullptr) << describe(p);
    ConvCase(p, random_, in, out).check(row());
  }
  Random random_;
};

TEST_F(Split, ChannelsAroundStepsAndTiles) {
  for (int64_t in : {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97})
    for (int64_t out : {1, 15, 16, 17, 31, 32, 33, 48, 49, 80})
      for (int64_t kernel : {1, 3}) check(square(6, in, out, kernel, 1, kernel / 2));
}

// Pixels of one tile, two, and some more, rows that end anywhere in them.
TEST_F(Split, WidthsStridesAndPadding) {
  for (int64_t width : {1, 2, 7, 15, 16, 17, 33, 50})
    for (int64_t stride : {1, 2, 3})
      for (int64_t kernel : {1, 2, 3, 5}) {
        ConvProblem p = square(11, 5, 18, kernel, stride, kernel / 2);
        p.in_width = width + kernel;
        check(sized(p, 1), {3, 2, 1}, {2, 5, 3});
        p.dilation_h = p.dilation_w = 2;
        p.pad_left = 4;  // a window entirely in the padding
        check(sized(p, 2 * kernel));
        p.pad_left = 0;  // more at the right than at the left
        check(sized(p, 2 * kernel + 1));
      }
}

TEST_F(Split, RandomWindows) {
  for (int i = 0; i < 300; ++i) {
    ConvProblem p = square(1, random_.integer(1, 70), random_.integer(1, 70), 1, 1, 0);
    p.in_height = random_.integer(1, 24), p.in_width = random_.integer(1, 24);
    p.kernel_h = random_.integer(1, 4), p.kernel_w = random_.integer(1, 4);
    p.stride_h = random_.integer(1, 4), p.stride_w = random_.integer(1, 4);
    p.dilation_h = random_.integer(1, 3), p.dilation_w = random_.integer(1, 3);
    p.pad_top = random_.integer(0, 5), p.pad_left = random_.integer(0, 5);
    const int64_t end = random_.integer(0, 5);
    if (p.in_height + p.pad_top + end <= (p.kernel_h - 1) * p.dilation_h) continue;
    if (p.in_width + p.pad_left + end <= (p.kernel_w - 1) * p.dilation_w) continue;
    p.residual =
        random_.pick({Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation});
    p.activation.kind = random_.pick({ActivationKind::kNone, ActivationKind::kSilu});
    const Gaps gaps{random_.integer(0, 9), random_.integer(0, 5), random_.integer(0, 7)};
    check(sized(p, end), gaps, gaps);
    if (HasFailure()) return;
  }
}

// One column, whose pixels are rows.
TEST_F(Split, Columns) {
  for (int64_t kernel : {1, 2, 3})
    for (int64_t stride : {1, 2})
      for (int64_t pad : {0, 1, 2})
        for (int64_t height : {1, 5, 40, 70}) {
          ConvProblem p = square(height, 40, 20, kernel, stride, 0);
          p.in_width = p.kernel_w = p.stride_w = 1;
          p.pad_top = pad;
          if (p.in_height + 2 * pad < kernel) continue;
          p = sized(p, pad);
          p.out_width = 1;
          check(p, {3, 2, 1}, {2, 5, 3});
          check(p);
        }
}

// Maps of several strips and bands, and weights that are far: what is near is another division.
TEST_F(Split, StripsAndFarWeights) {
  check(square(40, 64, 64, 1, 1, 0));
  check(square(64, 96, 40, 3, 1, 1));
  check(square(64, 128, 33, 3, 2, 1), {1, 1, 0}, {1, 1, 0});
  check(square(20, 320, 320, 3, 1, 1));
  check(square(13, 600, 256, 1, 1, 0));
}

TEST_F(Split, ResidualsAndActivations) {
  for (Residual order : {Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation})
    for (ActivationKind kind :
         {ActivationKind::kNone, ActivationKind::kLeakyRelu, ActivationKind::kSilu})
      for (int64_t kernel : {1, 3}) {
        ConvProblem p = square(9, 20, 40, kernel, 1, kernel / 2);
        p.residual = order;
        p.activation = {kind, 0.1f, 0};
        check(p);
        check(p, {3, 2, 1}, {2, 5, 3});
      }
}

// One output pixel and one output, of given numbers.
float product_of(const std::vector<float>& inputs, const std::vector<float>& weights) {
  ConvProblem p = square(1, static_cast<int64_t>(inputs.size()), 1, 1, 1, 0);
  p.by_estimate = false;
  ThreadPool pool(1);
  const PackedConv packed = row().pack(p, weights.data(), nullptr);
  AlignedScratch scratch(row().scratch_bytes(p, 1));
  float output = 0;
  row().run(
      p, packed,
      {dense_map<const float>(inputs.data(), 1, 1, p.in_channels), dense_map(&output, 1, 1, 1), {}},
      pool, scratch.span());
  return output;
}

// Of one product all that is dropped is a quarter of what a float rounds by.
TEST_F(Split, ProductsAreRightToTheLastBits) {
  for (int i = 0; i < 2000; ++i) {
    const float x = std::ldexp(random_.reals(1)[0], static_cast<int>(random_.integer(-40, 40)));
    const float w = std::ldexp(random_.reals(1)[0], static_cast<int>(random_.integer(-40, 40)));
    const double exact = static_cast<double>(x) * static_cast<double>(w);
    EXPECT_LE(std::fabs(static_cast<double>(product_of({x}, {w})) - exact),
              1.5 * 6e-8 * std::fabs(exact))
        << x << " * " << w;
  }
}

// Numbers of very different sizes lose nothing: each is split by itself.
TEST_F(Split, ChannelsOfOtherSizes) {
  for (int i = 0; i < 200; ++i) {
    std::vector<float> inputs = random_.reals(100), weights = random_.reals(100);
    double exact = 0, sizes = 0;
    for (size_t k = 0; k < inputs.size(); ++k) {
      const int power = static_cast<int>(random_.integer(-30, 30));
      inputs[k] = std::ldexp(inputs[k], power);
      weights[k] = std::ldexp(weights[k], -power);
      exact += static_cast<double>(inputs[k]) * static_cast<double>(weights[k]);
      sizes += std::fabs(static_cast<double>(inputs[k]) * static_cast<double>(weights[k]));
    }
    EXPECT_NEAR(static_cast<double>(product_of(inputs, weights)), exact, 20 * 6e-8 * sizes);
  }
}

TEST_F(Split, WhatIsNoNumberStaysSo) {
  const float infinite = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(std::isnan(product_of({std::nanf(""), 1}, {1, 1})));
  EXPECT_TRUE(std::isnan(product_of({1, 1}, {1, std::nanf("")})));
  EXPECT_FALSE(std::isfinite(product_of({infinite, 1}, {1, 1})));
  EXPECT_FALSE(std::isfinite(product_of({1, 1}, {1, -infinite})));
  // The largest whose first part is finite, and denormals.
  EXPECT_EQ(product_of({3.38e38f}, {1}), 3.38e38f);
  EXPECT_EQ(product_of({1e-40f}, {1}), 0.0f);
}

TEST_F(Split, RefusesGroupsAndWhatIsTooLarge) {
  ConvProblem p = square(9, 32, 32, 3, 1, 1);
  p.by_estimate = false;
  EXPECT_EQ(row().refuse(p), nullptr);
  p.max_packed_bytes = static_cast<int64_t>(row().packed_bytes(p)) - 1;
  EXPECT_NE(row().refuse(p), nullptr);
  p.max_packed_bytes = INT64_MAX;
  p.groups = 2;
  EXPECT_NE(row().refuse(p), nullptr);
  p.groups = 1;
  p.dilation_w = 1 << 20;
  p.in_width = 3 << 20;
  EXPECT_NE(row().refuse(sized(p, 0)), nullptr);
}

}  // namespace
}  // namespace shrike::kernels
