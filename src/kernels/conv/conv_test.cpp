// Every row of the convolution table against the reference.
#include "kernels/conv/conv.h"

#include <gtest/gtest.h>

#include <string_view>

#include "kernels/testing/activations.h"
#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

TEST(Conv, ReferenceComputesTheFormula) {
  // 3x3 kernel of ones over ones: every output counts its window's pixels inside the map.
  ConvProblem p = square(3, 1, 1, 3, 1, 1);
  const std::vector<float> ones(9, 1.0f);
  const float bias = 0.5f;
  std::vector<float> out(9);
  ThreadPool pool(1);
  const ConvKernel& reference = conv_kernels().back();
  reference.run(p, reference.pack(p, ones.data(), &bias),
                {dense_map<const float>(ones.data(), 3, 3, 1), dense_map(out.data(), 3, 3, 1), {}},
                pool, {});
  EXPECT_EQ(out, (std::vector<float>{4.5, 6.5, 4.5, 6.5, 9.5, 6.5, 4.5, 6.5, 4.5}));
}

TEST(Conv, ChannelsAroundVectorWidths) {
  Random random;
  for (int64_t in : {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 33})
    for (int64_t out : {1, 7, 8, 9, 15, 16, 17, 24, 31, 33, 40})
      for (int64_t kernel : {1, 3})
        EXPECT_GE(ConvCase(square(6, in, out, kernel, 1, kernel / 2), random).check_all(), 2);
}

TEST(Conv, WidthsAroundTileSizes) {
  Random random;
  for (int64_t width = 1; width <= 19; ++width)
    for (int64_t stride : {1, 2, 3}) {
      ConvProblem p = square(5, 4, 18, 3, stride, 1);
      p.in_width = width;
      ConvCase(sized(p, 1), random).check_all();
      p.in_channels = p.out_channels = p.groups = 18;
      EXPECT_GE(ConvCase(sized(p, 1), random).check_all(), 3);
    }
}

TEST(Conv, DepthwiseWindows) {
  Random random;
  for (int64_t channels : {1, 15, 16, 17, 32, 33, 48, 72})
    for (int64_t kernel : {1, 3, 5, 7})
      for (int64_t stride : {1, 2, 3}) {
        ConvProblem p = square(21, channels, channels, kernel, stride, kernel / 2);
        p.groups = channels;
        EXPECT_GE(ConvCase(p, random, {3, 2, 1}, {2, 5, 3}).check_all(), 3);
        if (kernel > 1) {
          p.pad_left = 0;  // more at the right than at the left
          p.pad_top = kernel - 1;
          p.activation = {ActivationKind::kLeakyRelu, 0.1f, 0};
          EXPECT_GE(ConvCase(sized(p, kernel - 1), random).check_all(), 3);
          p.pad_top = p.pad_left = kernel / 2;
        }
        // As far apart as the taps of a dilated kernel.
        p.dilation_h = p.dilation_w = 2;
        EXPECT_GE(ConvCase(sized(p, kernel), random).check_all(), 3);
      }
}

// Rows that all lie in the map, and others, with and without a column of padding on either side.
TEST(Conv, DepthwiseInsideTheMap) {
  Random random;
  for (const int64_t channels : {16, 40})
    for (const int64_t height : {3, 4, 6, 9, 10, 13})
      for (const int64_t width : {1, 2, 3, 4, 5, 6, 7, 8})
        for (const int64_t pads : {0, 1, 2, 3, 4, 5, 6, 7}) {
          ConvProblem p = square(height, channels, channels, 3, 1, 0);
          p.groups = channels;
          p.in_width = width;
          p.pad_top = pads & 1, p.pad_left = pads / 2 & 1;
          p.activation = {ActivationKind::kLeakyRelu, 0.1f, 0};
          const int64_t end = pads / 4;
          if (width + p.pad_left + end < 3) continue;
          EXPECT_GE(ConvCase(sized(p, end), random).check_all(), 3);
        }
}

// Groups of every width around a vector's, and blocks that are not full at the end.
TEST(Conv, NarrowGroups) {
  Random random;
  for (int64_t in : {1, 2, 3, 8, 9})
    for (int64_t out : {1, 2, 3, 5, 8, 9})
      for (int64_t groups : {2, 3, 5, 16, 17}) {
        ConvProblem p = square(7, in * groups, out * groups, random.pick({1, 3, 5}),
                               random.integer(1, 2), random.integer(0, 2));
        p.in_width = random.integer(5, 24);
        p.pad_left = random.integer(0, 6);  // up to windows entirely in the padding
        p.groups = groups;
        p.dilation_w = p.kernel_w < 5 ? random.integer(1, 2) : 1;
        p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
        p.residual =
            random.pick({Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation});
        const Gaps gaps{random.integer(0, 9), random.integer(0, 5), random.integer(0, 7)};
        ConvCase(sized(p, random.integer(0, 2)), random, gaps, gaps).check_all(2);
        if (HasFailure()) return;
      }
}

TEST(Conv, WhichGroupsAreNarrow) {
  const auto taken = [](int64_t in, int64_t out, int64_t groups) {
    ConvProblem p = square(7, in * groups, out * groups, 3, 1, 1);
    p.groups = groups;
    int count = 0;
    for (const ConvKernel& kernel : conv_kernels())
      if (std::string_view(kernel.name).ends_with("_grouped") && !kernel.refuse(p)) ++count;
    return count;
  };
#if SHRIKE_KERNELS_AVX2
  EXPECT_EQ(taken(1, 2, 64), 2);
  EXPECT_EQ(taken(2, 2, 32), 2);
  EXPECT_EQ(taken(8, 8, 8), 2);
#endif
  EXPECT_EQ(taken(9, 9, 2), 0);  // one vector each, as in a matrix product
  EXPECT_EQ(taken(2, 2, 1), 0);
}

TEST(Conv, Stems) {
  Random random;
  ConvCase(square(32, 3, 16, 3, 2, 1), random).check_all();
  ConvCase(square(32, 3, 16, 6, 2, 2), random).check_all();
  ConvCase(square(30, 3, 32, 7, 2, 3), random).check_all();
}

TEST(Conv, AsymmetricPadding) {
  Random random;
  ConvProblem p = square(9, 6, 10, 2, 2, 0);
  ConvCase(sized(p, 1), random).check_all();
  p.pad_left = 3;  // a window entirely in the padding
  ConvCase(sized(p, 3), random).check_all();
  p.groups = p.out_channels = p.in_channels;
  ConvCase(sized(p, 3), random).check_all();
}

TEST(Conv, Residuals) {
  Random random;
  for (Residual order : {Residual::kAfterActivation, Residual::kBeforeActivation})
    for (int64_t channels : {5, 16, 21}) {
      ConvProblem p = square(7, channels, channels, 3, 1, 1);
      p.residual = order;
      p.activation.kind = ActivationKind::kSilu;
      ConvCase(p, random, {3, 2, 1}, {2, 5, 3}).check_all();
      p.groups = channels;
      ConvCase(p, random, {3, 2, 1}, {2, 5, 3}).check_all();
    }
}

TEST(Conv, ResidualMayBeTheOutput) {
  Random random;
  ThreadPool pool(2);
  std::vector<ConvProblem> problems{square(6, 9, 9, 3, 1, 1), square(7, 16, 16, 3, 1, 1)};
  problems.back().groups = 16;
  for (int64_t outputs : {8, 48, 64, 112}) problems.push_back(square(9, 32, outputs, 1, 1, 0));
  for (ConvProblem& p : problems)
    for (Residual order : {Residual::kAfterActivation, Residual::kBeforeActivation}) {
      p.residual = order;
      p.by_estimate = false;
      const std::vector<float> weights = random.reals(p.weight_count());
      TestMap input(p.in_height, p.in_width, p.in_channels);
      TestMap residual(p.out_height, p.out_width, p.out_channels);
      input.fill(random);
      residual.fill(random);
      for (const ConvKernel& kernel : conv_kernels()) {
        if (cpu_lacks(kernel.need, cpu_features()) || (kernel.refuse && kernel.refuse(p))) continue;
        const PackedConv packed = kernel.pack(p, weights.data(), nullptr);
        AlignedScratch scratch(kernel.scratch_bytes(p, 2));
        TestMap apart(p.out_height, p.out_width, p.out_channels), own(residual);
        kernel.run(p, packed, {input.view(), apart.view(), residual.view()}, pool, scratch.span());
        kernel.run(p, packed, {input.view(), own.view(), own.view()}, pool, scratch.span());
        EXPECT_TRUE(near(apart.values(), own.values(), 0)) << kernel.name << p.out_channels;
      }
    }
}

TEST(Conv, EveryActivation) {
  Random random;
  for (const ActivationInfo& info : kActivations) {
    // Where a function is steep or has a pole, sums that differ in the last bit do not compare;
    // activation_test.cpp compares these functions on equal arguments.
    if (info.kind == ActivationKind::kLog || info.kind == ActivationKind::kReciprocal ||
        info.kind == ActivationKind::kSqrt || info.kind == ActivationKind::kFloor ||
        info.kind == ActivationKind::kCeil || info.kind == ActivationKind::kRound)
      continue;
    ConvProblem p = square(5, 3, 19, 3, 1, 1);
    p.activation = testing::example_of(info.kind);
    ConvCase(p, random).check_all(8);
  }
}

TEST(Conv, WholeTilesAndRest) {
  Random random;
  const int least = cpu_features().avx2_fma ? 3 : 2;
  for (int64_t width : {8, 9, 13})
    for (int64_t out : {16, 32, 48, 64, 72})
      for (ActivationKind kind : {ActivationKind::kNone, ActivationKind::kLeakyRelu}) {
        ConvProblem p = square(8, 12, out, 1, 1, 0);
        p.in_width = width;
        p.activation = {kind, 0.1f, 0};
        EXPECT_GE(ConvCase(sized(p, 0), random, {3, 0, 1}, {2, 0, 3}).check_all(), least);
      }
}

// Pictures: whole tiles and rests of them, all paddings, pixels that lie apart.
TEST(Conv, FirstLayers) {
  Random random;
  for (int i = 0; i < 300; ++i) {
    const int64_t pad = random.integer(0, 2), out = random.integer(1, 40);
    ConvProblem p = square(random.integer(3, 13), 3, out, 3, random.integer(1, 2), pad);
    p.in_width = random.integer(6, 40);
    p.pad_left = random.integer(0, 3);
    p.activation = {
        random.pick({ActivationKind::kNone, ActivationKind::kRelu, ActivationKind::kLeakyRelu,
                     ActivationKind::kSilu, ActivationKind::kMish, ActivationKind::kHardSwish}),
        0.1f, 0};
    const Gaps in{random.integer(0, 1), random.integer(0, 5), random.integer(0, 7)};
    ConvCase(sized(p, random.integer(0, 3)), random, in, {random.integer(0, 3), 2, 1}).check_all(2);
    if (HasFailure()) break;
  }
}

TEST(Conv, NoBias) {
  Random random;
  const ConvProblem p = square(4, 3, 5, 3, 1, 1);
  const ConvCase test(p, random);
  for (const ConvKernel& kernel : conv_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features()) || (kernel.refuse && kernel.refuse(p))) continue;
    EXPECT_TRUE(near(test.run(conv_kernels().back(), 1, false), test.run(kernel, 1, false),
                     static_cast<float>(kernel.rounding) * sum_tolerance(27)))
        << kernel.name;
  }
}

TEST(Conv, RandomProblems) {
  Random random;
  for (int i = 0; i < 400; ++i) {
    ConvProblem p;
    p.in_height = random.integer(1, 14);
    p.in_width = random.integer(1, 19);
    p.kernel_h = random.integer(1, 5);
    p.kernel_w = random.integer(1, 7);
    p.stride_h = random.integer(1, 3);
    p.stride_w = random.integer(1, 3);
    p.dilation_h = random.integer(1, 2);
    p.dilation_w = random.integer(1, 3);
    p.pad_top = random.integer(0, 3);
    p.pad_left = random.integer(0, 4);
    p.groups = random.pick<int64_t>({1, 1, 1, 2, 3, 8});
    const bool depthwise = random.integer(0, 3) == 0;
    p.in_channels = p.groups * random.integer(1, 40 / p.groups);
    p.out_channels = p.groups * random.integer(1, 40 / p.groups);
    if (depthwise) p.groups = p.out_channels = p.in_channels;
    p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
    p.residual =
        random.pick({Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation});
    const int64_t pad_end = random.integer(0, 4);
    p = sized(p, pad_end);
    if (p.in_height + p.pad_top + pad_end <= (p.kernel_h - 1) * p.dilation_h) continue;
    if (p.in_width + p.pad_left + pad_end <= (p.kernel_w - 1) * p.dilation_w) continue;
    const Gaps in{random.integer(0, 1) * random.integer(1, 9), random.integer(0, 5),
                  random.integer(0, 7)};
    const Gaps out{random.integer(0, 9), random.integer(0, 5), random.integer(0, 7)};
    ConvCase(p, random, in, out).check_all(2);
    if (HasFailure()) break;
  }
}

TEST(Conv, FewOutputs) {
  Random random;
  for (int64_t outputs : {1, 2, 3, 4, 5})
    for (int64_t channels : {16, 31, 32, 33, 47, 64, 97})
      for (int64_t size : {1, 3, 4, 7, 9}) {
        ConvProblem p = square(size, channels, outputs, 1, size > 4 ? 2 : 1, 0);
        p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSigmoid});
        const Gaps gaps{random.integer(0, 9), random.integer(0, 5), random.integer(0, 7)};
        ConvCase(p, random, gaps, gaps).check_all(2);
      }
}

// Outputs that fill a half of a vector or less behind whole ones, whose sums take two channels at
// once; and three vectors, alone and before two.
TEST(Conv, HalvesOfVectorsAndThree) {
  Random random;
  for (Residual order : {Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation})
    for (int64_t outputs : {5, 7, 8, 21, 24, 40, 48, 80})
      for (int64_t channels : {1, 2, 3, 4, 7, 16, 33})
        for (int64_t size : {1, 2, 3, 5}) {
          ConvProblem p = square(size, channels, outputs, 1, 1, 0);
          p.residual = order;
          p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kLeakyRelu});
          const Gaps gaps{random.integer(0, 9), random.integer(0, 5), random.integer(0, 7)};
          ConvCase(p, random, gaps, gaps).check_all(2);
        }
}

TEST(Conv, ChoiceSaysWhyOthersDeclined) {
  const ConvProblem p = square(6, 4, 8, 1, 1, 0);
  const Choice<ConvKernel> plain = select_kernel(conv_kernels(), p, CpuFeatures{});
  EXPECT_STREQ(plain.kernel->name, "igemm");
  for (const Declined& declined : plain.declined) EXPECT_NE(declined.reason[0], '\0');
#if SHRIKE_KERNELS_AVX2
  CpuFeatures avx2;
  avx2.avx2_fma = true;
  const Choice<ConvKernel> fast = select_kernel(conv_kernels(), p, avx2);
  EXPECT_STREQ(fast.kernel->name, "avx2_pointwise");
  ASSERT_GE(fast.declined.size(), 3u);
  EXPECT_STREQ(fast.declined[0].kernel, "avx512_depthwise_winograd");
  EXPECT_STREQ(fast.declined[1].kernel, "avx512_depthwise_sweep");
  EXPECT_STREQ(fast.declined[2].kernel, "avx2_depthwise_sweep");
#endif
}

}  // namespace
}  // namespace shrike::kernels
