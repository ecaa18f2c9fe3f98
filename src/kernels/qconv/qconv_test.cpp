// Every row of the integer convolution's table against the reference, bit by bit.
#include "kernels/qconv/qconv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "kernels/qconv/output_rule.h"
#include "kernels/testing/avx_vnni.h"
#include "kernels/testing/qconv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

constexpr ActivationKind kWithRules[] = {
    ActivationKind::kNone,      ActivationKind::kRelu,    ActivationKind::kLeakyRelu,
    ActivationKind::kClip,      ActivationKind::kSigmoid, ActivationKind::kSilu,
    ActivationKind::kTanh,      ActivationKind::kMish,    ActivationKind::kHardSigmoid,
    ActivationKind::kHardSwish, ActivationKind::kGelu,    ActivationKind::kSteepLeakyRelu};

TEST(QConv, ReferenceComputesTheFormula) {
  // A 3x3 kernel of twos over inputs that stand for 3 * 0.5 = 1.5: every output counts its window's
  // pixels inside the map, 3 a pixel, and the bias of 4 * 0.5 = 2.
  QConvProblem p;
  static_cast<ConvProblem&>(p) = square(3, 1, 1, 3, 1, 1);
  p.in_scale = 0.5f;
  p.in_zero = 10;
  p.out_scale = 0.25f;
  p.out_zero = 100;
  const std::vector<uint8_t> input(9, 13);
  const std::vector<int8_t> weights(9, 2);
  const float scale = 1;
  const int32_t bias = 4;
  std::vector<uint8_t> out(9);
  ThreadPool pool(1);
  const QConvKernel& reference = qconv_kernels().back();
  reference.run(p, reference.pack(p, {weights.data(), &scale, &bias}),
                {dense_map(input.data(), 3, 3, 1), dense_map(out.data(), 3, 3, 1), {}, {}}, pool,
                {});
  const auto expected = [](int pixels) { return static_cast<uint8_t>(100 + 8 + 12 * pixels); };
  EXPECT_EQ(out,
            (std::vector<uint8_t>{expected(4), expected(6), expected(4), expected(6), expected(9),
                                  expected(6), expected(4), expected(6), expected(4)}));
}

TEST(QConv, ChannelsAroundVectorWidths) {
  Random random;
  for (int64_t in : {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33})
    for (int64_t out : {1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 48, 65})
      for (int64_t kernel : {1, 3}) {
        QConvProblem p = quantised(square(6, in, out, kernel, 1, kernel / 2), random);
        p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
        EXPECT_GE(QConvCase(p, random).check_all(), 2);
      }
}

TEST(QConv, WidthsAroundTileSizes) {
  Random random;
  for (int64_t width = 1; width <= 19; ++width)
    for (int64_t stride : {1, 2, 3}) {
      ConvProblem p = square(5, 4, 18, 3, stride, 1);
      p.in_width = width;
      QConvCase(quantised(sized(p, 1), random), random).check_all();
      p.in_channels = p.out_channels = p.groups = 18;
      QConvCase(quantised(sized(p, 1), random), random).check_all();
    }
}

TEST(QConv, MapsLargerThanABlock) {
  Random random;
  ConvProblem wide = square(3, 5, 3, 3, 1, 1);
  wide.in_width = 1201;
  QConvCase(quantised(sized(wide, 1), random), random, {2, 3, 1}, {1, 2, 3}).check_all();
  QConvCase(quantised(square(40, 8, 9, 1, 1, 0), random), random).check_all();
  QConvCase(quantised(square(13, 700, 9, 3, 1, 1), random), random).check_all();
  QConvCase(quantised(square(41, 64, 40, 3, 2, 1), random), random).check_all();
}

TEST(QConv, Stems) {
  Random random;
  for (const ConvProblem& shape :
       {square(32, 3, 16, 3, 2, 1), square(32, 3, 16, 6, 2, 2), square(30, 3, 32, 7, 2, 3)}) {
    QConvProblem p = quantised(shape, random);
    p.activation.kind = ActivationKind::kSilu;
    QConvCase(p, random).check_all();
  }
}

// Sizes around tiles and blocks of them, also where a direct convolution would be chosen.
TEST(QConv, Winograd) {
  Random random;
  for (int64_t in : {16, 32, 48, 80, 224})
    for (int64_t out : {1, 16, 17, 32, 33, 80})
      for (int64_t size : {1, 3, 4, 5, 9, 13}) {
        ConvProblem shape = square(size, in, out, 3, 1, 1);
        shape.residual = random.pick({Residual::kNone, Residual::kAfterActivation});
        shape.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
        EXPECT_GE(
            QConvCase(quantised(shape, random), random, {3, 2, 1}, {2, 5, 3}).check_also_slower(),
            2);
        if (HasFailure()) return;
      }
  ConvProblem wide = square(5, 32, 20, 3, 1, 1);
  wide.in_width = 301;
  wide.pad_left = 2;
  QConvCase(quantised(sized(wide, 2), random), random).check_also_slower();
}

// The largest sums that there can be, of either sign.
TEST(QConv, WinogradIsExactAtTheEndsOfItsRange) {
  Random random;
  for (int zero : {0, 128, 255})
    for (uint8_t input : {uint8_t{0}, uint8_t{255}})
      for (int8_t weight : {int8_t{-128}, int8_t{127}}) {
        QConvProblem p = quantised(square(6, 224, 16, 3, 1, 1), random);
        p.in_zero = zero;
        p.out_scale = 5;  // sums of up to 2^25 spread over the bytes
        p.out_zero = 128;
        QConvCase(p, random).fill(input, weight).check_also_slower();
      }
}

TEST(QConv, DepthwiseWindows) {
  Random random;
  for (int64_t channels : {1, 8, 15, 16, 17, 24, 33, 64, 72})
    for (int64_t kernel : {1, 3, 4, 5, 7})
      for (int64_t stride : {1, 2, 3}) {
        ConvProblem p = square(21, channels, channels, kernel, stride, kernel / 2);
        p.groups = channels;
        EXPECT_GE(QConvCase(quantised(p, random), random, {3, 2, 1}, {2, 5, 3}).check_all(), 3);
        // As far apart as the taps of a dilated kernel.
        p.dilation_h = p.dilation_w = 2;
        EXPECT_GE(QConvCase(quantised(sized(p, kernel), random), random).check_all(), 3);
      }
}

TEST(QConv, DepthwiseRowsLargerThanABand) {
  Random random;
  for (int64_t stride : {1, 2}) {
    ConvProblem p = square(11, 20, 20, 3, stride, 1);
    p.in_width = 1523;
    p.groups = 20;
    QConvCase(quantised(sized(p, 1), random), random).check_all();
  }
}

TEST(QConv, AsymmetricPadding) {
  Random random;
  ConvProblem p = square(9, 6, 10, 2, 2, 0);
  QConvCase(quantised(sized(p, 1), random), random).check_all();
  p.pad_left = 3;  // a window entirely in the padding
  QConvCase(quantised(sized(p, 3), random), random).check_all();
  p.groups = p.out_channels = p.in_channels;
  QConvCase(quantised(sized(p, 3), random), random).check_all();
}

TEST(QConv, EveryActivationWithAndWithoutResidual) {
  Random random;
  for (ActivationKind kind : kWithRules)
    for (Residual residual : {Residual::kNone, Residual::kAfterActivation})
      for (int64_t channels : {5, 16, 32, 37})
        for (int64_t groups : {int64_t{1}, channels})
          for (int repeat = 0; repeat < 3; ++repeat) {
            ConvProblem shape = square(7, channels, channels, 3, 1, 1);
            shape.groups = groups;
            QConvProblem p = quantised(shape, random);
            p.residual = residual;
            p.activation = {kind, kind == ActivationKind::kClip ? -0.4f : 0.2f, 0.9f};
            QConvCase(p, random, {3, 2, 1}, {2, 5, 3}).check_all();
            if (HasFailure()) return;
          }
}

// Outputs that are small next to a curve's bend, or a residual whose steps are many of theirs.
TEST(QConv, FineCurves) {
  Random random;
  for (const ActivationKind kind :
       {ActivationKind::kSilu, ActivationKind::kSigmoid, ActivationKind::kTanh,
        ActivationKind::kMish, ActivationKind::kHardSwish, ActivationKind::kGelu})
    for (const float size : {1e-3f, 1e-5f, 1e-9f})
      for (const Residual residual : {Residual::kNone, Residual::kAfterActivation})
        for (const bool depthwise : {false, true}) {
          ConvProblem shape = square(9, 32, 32, 3, 1, 1);
          if (depthwise) shape.groups = 32;
          shape.activation = {kind, 0, 0};
          shape.residual = residual;
          QConvProblem p = quantised(shape, random);
          p.out_scale *= kind == ActivationKind::kSigmoid ? 1e-3f : size;
          p.residual_scale = p.out_scale * random.pick({1.0f, 300.0f});
          ASSERT_EQ(make_output_rule(p).kind, RuleKind::kFineCurve) << describe(p);
          EXPECT_GE(QConvCase(p, random).shrink(size).check_also_slower(), 2);
          EXPECT_GE(QConvCase(p, random).check_also_slower(), 2) << "most beyond the range";
        }
}

TEST(QConv, FloatsAsOutput) {
  Random random;
  for (ActivationKind kind :
       {ActivationKind::kNone, ActivationKind::kRelu, ActivationKind::kLeakyRelu,
        ActivationKind::kSteepLeakyRelu, ActivationKind::kClip})
    for (int64_t out : {3, 16, 20, 80}) {
      QConvProblem p = quantised(square(7, 12, out, 1, 1, 0), random);
      p.output = QOutput::kFloats;
      p.activation = {kind, kind == ActivationKind::kClip ? -0.4f : 0.2f, 0.9f};
      EXPECT_GE(QConvCase(p, random, {3, 2, 1}, {2, 5, 3}).check_all(), 2);
    }
}

TEST(QConv, OutputsBeyondTheirRange) {
  Random random;
  for (ActivationKind kind : kWithRules)
    for (float out_scale : {1e-6f, 1e-4f, 1.0f, 1e4f}) {
      QConvProblem p = quantised(square(5, 40, 33, 3, 1, 1), random);
      p.activation = {kind, kind == ActivationKind::kClip ? -0.4f : 0.2f, 0.9f};
      p.out_scale = out_scale;
      p.residual = random.pick({Residual::kNone, Residual::kAfterActivation});
      p.residual_scale = std::min(p.residual_scale, 100 * out_scale);
      QConvCase(p, random).check_all();
    }
}

TEST(QConv, SumsThatWrapWrapTheSame) {
  Random random;
  QConvProblem p = quantised(square(3, 2, 17, 1, 1, 0), random);
  std::vector<int32_t> bias(17, INT32_MAX);
  std::vector<int8_t> weights(34, -128);
  std::vector<float> scales(17, 1e-9f);
  std::vector<uint8_t> input(18, 0), expected(9 * 17), out(9 * 17);
  p.in_zero = 255;
  ThreadPool pool(1);
  for (auto kernel = qconv_kernels().rbegin(); kernel != qconv_kernels().rend(); ++kernel) {
    if (cpu_lacks(kernel->need, cpu_features()) || (kernel->refuse && kernel->refuse(p))) continue;
    std::vector<uint8_t>& target = kernel == qconv_kernels().rbegin() ? expected : out;
    AlignedScratch scratch(kernel->scratch_bytes(p, 1));
    kernel->run(p, kernel->pack(p, {weights.data(), scales.data(), bias.data()}),
                {dense_map(input.data(), 3, 3, 2), dense_map(target.data(), 3, 3, 17), {}, {}},
                pool, scratch.span());
    if (&target == &out) {
      EXPECT_EQ(out, expected) << kernel->name;
    }
  }
}

TEST(QConv, ResidualMayBeTheOutput) {
  Random random;
  QConvProblem p = quantised(square(6, 9, 9, 3, 1, 1), random);
  p.residual = Residual::kAfterActivation;
  p.activation.kind = ActivationKind::kSilu;
  std::vector<int8_t> weights;
  for (int64_t i = 0; i < p.weight_count(); ++i)
    weights.push_back(static_cast<int8_t>(random.integer(-128, 127)));
  const std::vector<float> scales(9, 0.0002f);
  GappedMap<uint8_t> input(6, 6, 9, {}), residual(6, 6, 9, {});
  input.fill(random);
  residual.fill(random);
  ThreadPool pool(2);
  for (const QConvKernel& kernel : qconv_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features()) || (kernel.refuse && kernel.refuse(p))) continue;
    const PackedConv packed = kernel.pack(p, {weights.data(), scales.data(), nullptr});
    AlignedScratch scratch(kernel.scratch_bytes(p, 2));
    GappedMap<uint8_t> apart(6, 6, 9, {}), in_place(residual);
    kernel.run(p, packed, {input.view(), apart.view(), {}, residual.view()}, pool, scratch.span());
    kernel.run(p, packed, {input.view(), in_place.view(), {}, in_place.view()}, pool,
               scratch.span());
    EXPECT_EQ(apart.values(), in_place.values()) << kernel.name;
  }
}

TEST(QConv, NoBias) {
  Random random;
  const QConvProblem p = quantised(square(4, 3, 5, 3, 1, 1), random);
  const QConvCase test(p, random);
  const QConvOutput expected = test.run(qconv_kernels().back(), 1, false);
  for (const QConvKernel& kernel : qconv_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features()) || (kernel.refuse && kernel.refuse(p))) continue;
    EXPECT_TRUE(test.run(kernel, 1, false) == expected) << kernel.name;
  }
}

TEST(QConv, RandomProblems) {
  Random random;
  for (int i = 0; i < 600; ++i) {
    ConvProblem shape;
    shape.in_height = random.integer(1, 14);
    shape.in_width = random.integer(1, 19);
    shape.kernel_h = random.integer(1, 5);
    shape.kernel_w = random.integer(1, 7);
    shape.stride_h = random.integer(1, 3);
    shape.stride_w = random.integer(1, 3);
    shape.dilation_h = random.integer(1, 2);
    shape.dilation_w = random.integer(1, 3);
    shape.pad_top = random.integer(0, 3);
    shape.pad_left = random.integer(0, 4);
    shape.groups = random.pick<int64_t>({1, 1, 1, 2, 3, 8});
    const bool depthwise = random.integer(0, 3) == 0;
    shape.in_channels = shape.groups * random.integer(1, 72 / shape.groups);
    shape.out_channels = shape.groups * random.integer(1, 72 / shape.groups);
    if (depthwise) shape.groups = shape.out_channels = shape.in_channels;
    shape.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu,
                                         ActivationKind::kRelu, ActivationKind::kSigmoid});
    shape.residual = random.pick({Residual::kNone, Residual::kAfterActivation});
    const int64_t pad_end = random.integer(0, 4);
    shape = sized(shape, pad_end);
    if (shape.in_height + shape.pad_top + pad_end <= (shape.kernel_h - 1) * shape.dilation_h)
      continue;
    if (shape.in_width + shape.pad_left + pad_end <= (shape.kernel_w - 1) * shape.dilation_w)
      continue;
    const Gaps in{random.integer(0, 1) * random.integer(1, 9), random.integer(0, 5),
                  random.integer(0, 7)};
    const Gaps out{random.integer(0, 9), random.integer(0, 5), random.integer(0, 7)};
    QConvCase(quantised(shape, random), random, in, out).check_all();
    if (HasFailure()) break;
  }
}

#if SHRIKE_KERNELS_AVX2
// For the rows of AVX-VNNI, on processors that lack it: channels around its vectors, strides,
// stems, windows of depthwise kernels, what is next to nothing. An instruction takes tens of
// microseconds.
std::vector<ConvProblem> shapes_for_avx_vnni(Random& random) {
  std::vector<ConvProblem> shapes = {square(11, 3, 16, 6, 2, 2), square(7, 3, 17, 3, 2, 1),
                                     square(1, 1, 1, 1, 1, 0),   square(1, 224, 17, 3, 1, 1),
                                     square(1, 700, 9, 1, 1, 0), square(9, 32, 20, 3, 1, 1)};
  for (int64_t in : {1, 5, 16, 33, 48})
    for (int64_t kernel : {1, 3})
      for (int64_t stride : {1, 2})
        shapes.push_back(square(4, in, random.pick<int64_t>({1, 7, 15, 16, 17, 33}), kernel, stride,
                                kernel / 2));
  for (int64_t channels : {1, 8, 9, 33, 72})
    for (int64_t stride : {1, 2}) {
      const int64_t kernel = random.pick<int64_t>({1, 3, 5});
      shapes.push_back(square(5, channels, channels, kernel, stride, kernel / 2));
      shapes.back().groups = channels;
    }
  const std::vector<ConvProblem> crooked = crooked_shapes(random, 24);
  shapes.insert(shapes.end(), crooked.begin(), crooked.end());
  return shapes;
}

TEST(QConv, AvxVnniByEmulation) {
  if (!cpu_features().avx2_fma) GTEST_SKIP() << "no AVX2";
  if (detect_cpu_features().avx_vnni) GTEST_SKIP() << "AVX-VNNI is there: as any other row's";
  const int64_t before = emulate_avx_vnni();
  Random random;
  std::map<std::string, int> taken;
  for (const ConvProblem& shape : shapes_for_avx_vnni(random)) {
    QConvProblem p = quantised(shape, random);
    if (shape.groups == 1 && random.integer(0, 2) == 0) {
      p.output = QOutput::kFloats;
      p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kRelu});
    } else {
      p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
      p.residual = random.pick({Residual::kNone, Residual::kAfterActivation});
    }
    const QConvCase test(p, random, {3, 2, 1}, {2, 5, 3});
    for (const QConvKernel& kernel : qconv_kernels())
      if (kernel.need == CpuNeed::kAvxVnni) taken[kernel.name] += test.check_row(kernel, true, 1);
  }
  EXPECT_GE(taken["avxvnni_direct"], 26);
  EXPECT_GE(taken["avxvnni_depthwise"], 8);
  EXPECT_GE(taken["avxvnni_winograd"], 1);
  EXPECT_EQ(taken.size(), 3u);
  EXPECT_GT(emulate_avx_vnni(), before);
}
#endif

TEST(QConv, WhatHasNoRuleIsRefused) {
  QConvProblem p;
  p.activation.kind = ActivationKind::kExp;
  EXPECT_NE(qconv_unsupported(p), nullptr);
  p.activation.kind = ActivationKind::kSilu;
  EXPECT_EQ(qconv_unsupported(p), nullptr);
  p.output = QOutput::kFloats;
  EXPECT_NE(qconv_unsupported(p), nullptr);
  p.activation.kind = ActivationKind::kRelu;
  p.residual = Residual::kAfterActivation;
  EXPECT_NE(qconv_unsupported(p), nullptr);
  p.output = QOutput::kBytes;
  p.residual = Residual::kBeforeActivation;
  EXPECT_NE(qconv_unsupported(p), nullptr);
  p.residual = Residual::kAfterActivation;
  p.activation.kind = ActivationKind::kSilu;
  EXPECT_EQ(qconv_unsupported(p), nullptr);
  p.residual_scale = 200 * p.out_scale;
  EXPECT_EQ(qconv_unsupported(p), nullptr);
  p.activation.kind = ActivationKind::kHardSigmoid;
  EXPECT_NE(qconv_unsupported(p), nullptr) << "a step of it would be 200 of the output's";
  p.activation.kind = ActivationKind::kRelu;
  EXPECT_EQ(qconv_unsupported(p), nullptr);
}

// Sizes that a small file can ask for. Some of them overflow 64 bits.
TEST(QConv, WindowsOverHugeMapsAreLeftToTheReference) {
  const auto takers = [](const QConvProblem& p) {
    return std::ranges::count_if(
        qconv_kernels(), [&](const QConvKernel& row) { return !row.refuse || !row.refuse(p); });
  };
  for (int64_t dilation : {1 << 15, (1 << 24) - 1})
    for (const bool depthwise : {false, true}) {
      QConvProblem p;
      p.in_channels = 65536;
      p.out_channels = depthwise ? p.in_channels : 1;
      p.groups = depthwise ? p.in_channels : 1;
      p.kernel_h = p.kernel_w = 2;
      p.in_height = p.in_width = p.out_height = p.out_width = 1;
      p.dilation_h = p.dilation_w = dilation;
      p.pad_top = p.pad_left = dilation / 2;
      EXPECT_EQ(takers(p), 1) << describe(p);
    }
  QConvProblem few;  // whose copies would be small, but made of every row
  few.in_channels = few.out_channels = few.groups = 3;
  few.kernel_h = few.kernel_w = 3;
  few.in_height = few.in_width = few.out_height = few.out_width = 64;
  few.pad_top = few.dilation_h = 1;
  few.pad_left = few.dilation_w = (1 << 24) - 1;
  EXPECT_EQ(takers(few), 1);
  QConvProblem wide;  // strides, too
  wide.in_channels = wide.out_channels = 65536;
  wide.in_height = wide.in_width = wide.out_height = wide.out_width = 2;
  wide.kernel_h = wide.kernel_w = 3;
  wide.stride_h = wide.stride_w = 1 << 24;
  EXPECT_EQ(takers(wide), 1);
}

}  // namespace
}  // namespace shrike::kernels
