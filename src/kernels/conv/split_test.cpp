// Products of split numbers against the reference, and against sums in double: they are held to
// what kernels of single products are held to, whatever the numbers' sizes.
#include "kernels/conv/split.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/conv/candidates.h"
#include "kernels/conv/sum_halves.h"
#include "kernels/sizes.h"
#include "kernels/testing/conv_case.h"
#include "kernels/testing/plain_split.h"

namespace shrike::kernels {
namespace {

using namespace testing;

const ConvKernel& row_named(const std::string& name) {
  for (const ConvKernel& kernel : conv_kernels())
    if (kernel.name == name) return kernel;
  return plain_split::kRow;
}

#if SHRIKE_KERNELS_AVX2
TEST(SplitRow, IsInTheTable) { EXPECT_STREQ(row_named("amx_split").name, "amx_split"); }
TEST(SplitRow, AddsHalves) {
  for (const ConvKernel& row : conv_kernels()) {
    if (std::string(row.name).starts_with("amx_")) {
      EXPECT_TRUE(row.adds_halves) << row.name;
    }
  }
}
#endif

class Split : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (cpu_lacks(row().need, cpu_features())) GTEST_SKIP() << "no tiles of bfloat16 here";
  }
  const ConvKernel& row() const { return row_named(GetParam()); }
  float product_of(const std::vector<float>& inputs, const std::vector<float>& weights) const;

  // The row computes the problem, whether that is fast or not.
  void check(ConvProblem p, Gaps in = {}, Gaps out = {}) {
    p.by_estimate = false;
    ASSERT_EQ(row().refuse(p), nullptr) << describe(p);
    ConvCase(p, random_, in, out).check(row());
  }
  Random random_;
};

TEST_P(Split, ChannelsAroundStepsAndTiles) {
  for (int64_t in : {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97})
    for (int64_t out : {1, 15, 16, 17, 31, 32, 33, 48, 49, 80})
      for (int64_t kernel : {1, 3}) check(square(6, in, out, kernel, 1, kernel / 2));
}

// Sums of two halves of the channels, with as many steps in either or not.
TEST_P(Split, SumsOfHalves) {
  for (const int64_t in : {64, 96, 100, 256, 448})
    for (const int64_t out : {1, 16, 40, 96, 130})
      for (int64_t half = kSplitDepth; half < in; half += in < 200 ? kSplitDepth : 96) {
        ConvProblem p = square(7, in, out, 1, 1, 0);
        p.half = half;
        p.residual = Residual::kAfterActivation;
        check(p, {5, 0, 1}, {3, 0, 2});
      }
}

// What each half gives by itself, and the sum of these, bit for bit: of steps in turn, and of steps
// that are kept for several groups of outputs.
TEST_P(Split, HalvesAreSumsByThemselves) {
  struct Sizes {
    int64_t in, half, out;
  };
  for (const auto [in, half, out] :
       {Sizes{448, 224, 96}, {448, 224, 33}, {160, 96, 130}, {128, 64, 96}}) {
    SCOPED_TRACE(std::to_string(in) + " " + std::to_string(out));
    ConvProblem whole = square(10, in, out, 1, 1, 0);
    whole.activation.kind = ActivationKind::kNone;
    const std::vector<float> inputs = random_.reals(100 * in), bias = random_.reals(out);
    const std::vector<float> weights = random_.reals(out * in);
    const auto run = [&, in = in, out = out](const ConvProblem& p, int64_t first,
                                             const float* own_bias) {
      const std::vector<float> own =
          weights_of_channels(whole, weights.data(), first, p.in_channels);
      std::vector<float> outputs(static_cast<size_t>(100 * out));
      ConvMaps maps;
      maps.input = {inputs.data() + first, 10, 10, p.in_channels, in, 10 * in};
      maps.output = dense_map(outputs.data(), 10, 10, out);
      ThreadPool pool(1);
      row().run(p, row().pack(p, own.data(), own_bias), maps, pool, {});
      return outputs;
    };
    ConvProblem part = whole;
    part.in_channels = half;
    const std::vector<float> first = run(part, 0, bias.data());
    part.in_channels = in - half;
    const std::vector<float> second = run(part, half, nullptr);
    const std::vector<float> in_order = run(whole, 0, bias.data());
    whole.half = half;
    const std::vector<float> sums = run(whole, 0, bias.data());
    for (size_t i = 0; i < sums.size(); ++i) EXPECT_EQ(sums[i], first[i] + second[i]) << i;
    EXPECT_NE(sums, in_order);
  }
}

// Pixels of one tile, two, and some more, rows that end anywhere in them.
TEST_P(Split, WidthsStridesAndPadding) {
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

TEST_P(Split, RandomWindows) {
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
TEST_P(Split, Columns) {
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
          p.pad_top = 0;  // at the bottom alone
          p = sized(p, 2 * pad);
          p.out_width = 1;
          check(p, {3, 2, 1}, {2, 5, 3});
          check(p);
        }
}

// Fewer rows and groups of outputs than threads: each has some, or nothing, or parts of groups. Few
// tiles of pixels: those between two threads are divided by outputs.
TEST_P(Split, ManyThreads) {
  for (int64_t kernel : {1, 3})
    for (int64_t size : {3, 9, 13})
      for (int64_t inputs : {20, 70})
        for (int64_t outputs : {8, 40, 130, 200}) {
          ConvProblem p = square(size, inputs, outputs, kernel, 1, kernel / 2);
          p.by_estimate = false;
          const ConvCase test(p, random_);
          const std::vector<float> alone = test.run(row(), 1);
          for (int threads : {2, 3, 5, 9})
            EXPECT_TRUE(near(alone, test.run(row(), threads), 0)) << describe(p) << threads;
        }
}

// Pixels one by one, of outputs in groups of any number of tiles: odd and even numbers of steps,
// runs that are not whole.
TEST_P(Split, GroupsOfOutputs) {
  for (int64_t in : {8, 64, 65, 96, 150, 272})
    for (int64_t out : {8, 17, 32, 48, 50, 80, 96, 100, 112, 144, 272})
      for (int64_t size : {1, 4, 7, 10}) {
        ConvProblem p = square(size, in, out, 1, 1, 0);
        p.activation.kind = random_.pick({ActivationKind::kNone, ActivationKind::kSilu});
        check(p);
        check(p, {3, 0, 1}, {2, 0, 3});
      }
}

// Maps of several strips and bands, and weights that are far: what is near is another division.
TEST_P(Split, StripsAndFarWeights) {
  check(square(40, 64, 64, 1, 1, 0));
  check(square(64, 96, 40, 3, 1, 1));
  check(square(64, 128, 33, 3, 2, 1), {1, 1, 0}, {1, 1, 0});
  check(square(20, 320, 320, 3, 1, 1));
  check(square(13, 600, 256, 1, 1, 0));
}

TEST_P(Split, ResidualsAndActivations) {
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
float Split::product_of(const std::vector<float>& inputs, const std::vector<float>& weights) const {
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

// Of one product what is dropped is at most what a float rounds by: most of it where both factors
// are a little above a power of two.
TEST_P(Split, ProductsAreRightToTheLastBits) {
  for (int i = 0; i < 2000; ++i) {
    float x = std::ldexp(random_.reals(1)[0], static_cast<int>(random_.integer(-40, 40)));
    float w = std::ldexp(random_.reals(1)[0], static_cast<int>(random_.integer(-40, 40)));
    if (i % 2 == 0) {
      x = (i % 4 == 0 ? 1.0037f : 1.0076f) + 2e-4f * random_.reals(1)[0];
      w = 1.0037f + 2e-4f * random_.reals(1)[0];
    }
    const double exact = static_cast<double>(x) * static_cast<double>(w);
    EXPECT_LE(std::fabs(static_cast<double>(product_of({x}, {w})) - exact),
              2.2 * 6e-8 * std::fabs(exact))
        << x << " * " << w;
  }
}

// Numbers of very different sizes lose nothing: each is split by itself.
TEST_P(Split, ChannelsOfOtherSizes) {
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

TEST_P(Split, WhatIsNoNumberStaysSo) {
  const float infinite = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(std::isnan(product_of({std::nanf(""), 1}, {1, 1})));
  EXPECT_TRUE(std::isnan(product_of({1, 1}, {1, std::nanf("")})));
  EXPECT_FALSE(std::isfinite(product_of({infinite, 1}, {1, 1})));
  EXPECT_FALSE(std::isfinite(product_of({1, 1}, {1, -infinite})));
  for (const uint32_t bits : {0x7F800001u, 0x7FFF8000u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    EXPECT_TRUE(std::isnan(product_of({std::bit_cast<float>(bits)}, {1}))) << bits;
    EXPECT_TRUE(std::isnan(product_of({1}, {std::bit_cast<float>(bits)}))) << bits;
  }
  // The largest whose first part is finite, and denormals.
  EXPECT_EQ(product_of({3.38e38f}, {1}), 3.38e38f);
  EXPECT_EQ(product_of({1e-40f}, {1}), 0.0f);
}

// Also of numbers whose last part no format holds.
TEST_P(Split, NeighboursLeaveEachOtherAlone) {
  for (const float tiny : {5.96e-37f, 1.3e-36f, -7.7e-38f, 1e-40f})
    for (size_t k = 1; k < 32; ++k) {
      std::vector<float> inputs(32), weights(32);
      inputs[0] = 1.2345678f, weights[0] = 1;
      inputs[k] = tiny;
      EXPECT_EQ(product_of(inputs, weights), inputs[0]) << tiny << " at " << k;
      std::swap(inputs[0], inputs[k]), std::swap(weights[0], weights[k]);
      EXPECT_EQ(product_of(inputs, weights), inputs[k]) << tiny << " before " << k;
    }
}

TEST_P(Split, RefusesGroupsAndWhatIsTooLarge) {
  ConvProblem p = square(9, 32, 32, 3, 1, 1);
  p.by_estimate = false;
  EXPECT_EQ(row().refuse(p), nullptr);
  p.max_packed_bytes = static_cast<int64_t>(row().packed_bytes(p)) - 1;
  EXPECT_NE(row().refuse(p), nullptr);
  // Of few outputs a direct convolution's are larger.
  ConvProblem few = square(9, 32, 8, 3, 1, 1);
  few.by_estimate = false;
  few.max_packed_bytes = 0;
  EXPECT_EQ(row().refuse(few), nullptr);
  p.max_packed_bytes = INT64_MAX;
  p.groups = 2;
  EXPECT_NE(row().refuse(p), nullptr);
  p.groups = 1;
  ConvProblem wide = square(1, 64, 32, 1, 1, 0);  // one row, which lies in no planes
  wide.in_width = 1 << 16;
  wide.by_estimate = false;
  EXPECT_EQ(row().refuse(sized(wide, 0)), nullptr);
  p.dilation_w = 1 << 20;
  p.in_width = 3 << 20;
  EXPECT_NE(row().refuse(sized(p, 0)), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Rows, Split, ::testing::Values("amx_split", "plain_split"),
                         [](const auto& test) { return test.param; });

// Where it is chosen, nothing that is declined for it costs less by the same measure, and it is
// chosen where it was measured to be faster.
TEST(SplitChoice, CostsLessThanWhatItIsChosenOver) {
  if (!cpu_features().amx_bf16) GTEST_SKIP() << "no tiles of bfloat16 here";
  const ConvKernel& row = row_named("amx_split");
  int chosen = 0;
  for (int64_t size : {1, 3, 5, 8, 11, 13, 20, 40, 80})
    for (int64_t channels : {16, 32, 48, 64, 128, 256})
      for (int64_t kernel : {1, 3})
        for (int64_t stride : {1, 2}) {
          for (int64_t outputs : {channels, channels / 2}) {
            ConvProblem p = square(size * stride, channels, outputs, kernel, stride, kernel / 2);
            const ConvKernel& best = *select_kernel(conv_kernels(), p).kernel;
            const char* reason = row.refuse(p);
            EXPECT_TRUE(!reason || best.cost(p) <= row.cost(p)) << reason << ", " << describe(p);
            if (&best != &row) continue;
            ++chosen;
            for (const ConvKernel* other : conv_candidates(p))
              EXPECT_TRUE(row.cost(p) <= other->cost(p) || other->refuse(p))
                  << other->name << ", " << describe(p);
          }
        }
  EXPECT_GT(chosen, 20);
  const auto is_chosen = [&](const ConvProblem& p) {
    return select_kernel(conv_kernels(), p).kernel == &row;
  };
  EXPECT_TRUE(is_chosen(square(20, 256, 256, 1, 1, 0)));
  EXPECT_TRUE(is_chosen(square(80, 64, 128, 3, 2, 1)));
  EXPECT_FALSE(is_chosen(square(40, 64, 64, 3, 1, 1))) << "Winograd's";
  EXPECT_FALSE(is_chosen(square(80, 16, 64, 1, 1, 0))) << "half of a step";
  EXPECT_FALSE(is_chosen(square(13, 512, 1024, 3, 1, 1))) << "weights from memory";
}

}  // namespace
}  // namespace shrike::kernels
