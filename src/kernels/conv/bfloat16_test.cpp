// Products of bfloat16 against the reference. Multiples of 1/128 up to 1 have 8 bits of mantissa:
// with them nothing is rounded but sums, so that the row is held to what fp32 rows are held to.
#include "kernels/conv/bfloat16.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "kernels/conv/candidates.h"
#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

const ConvKernel& row_named(const std::string& name) {
  for (const ConvKernel& kernel : conv_kernels())
    if (kernel.name == name) return kernel;
  return conv_kernels().back();
}

#if SHRIKE_KERNELS_AVX2
TEST(Bfloat16Rows, AreInTheTable) {
  EXPECT_STREQ(row_named("avx512_bfloat16").name, "avx512_bfloat16");
  EXPECT_STREQ(row_named("amx_bfloat16").name, "amx_bfloat16");
}
#endif

class Bfloat16 : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (cpu_lacks(row().need, cpu_features()) || row().need == CpuNeed::kNothing)
      GTEST_SKIP() << "no products of bfloat16 here";
  }
  const ConvKernel& row() const { return row_named(GetParam()); }
  // Whether it is what bfloat16 is multiplied by here at all: of two the faster one.
  bool is_first() const {
    const CpuFeatures& cpu = cpu_features();
    return GetParam() == (cpu.amx_bf16 ? "amx_bfloat16" : "avx512_bfloat16") && cpu.fast_bf16();
  }
  // The row takes the problem, if it may round, and computes it, whether that is fast or not.
  void check(ConvProblem p, Gaps in = {}, Gaps out = {}) {
    p.by_estimate = false;
    EXPECT_NE(row().refuse(p), nullptr);
    p.precision = Precision::kBfloat16;
    EXPECT_EQ(row().refuse(p), nullptr) << describe(p);
    ConvCase(p, random_, in, out).check(row());
  }
  Random random_{1.0f / 128};
};

TEST_P(Bfloat16, ChannelsAroundPairsAndVectors) {
  for (int64_t in : {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 65})
    for (int64_t out : {1, 15, 16, 17, 31, 32, 33, 48, 65})
      for (int64_t kernel : {1, 3}) check(square(6, in, out, kernel, 1, kernel / 2));
}

// Outputs in groups, of inputs that are rounded once for all of them and for each.
TEST_P(Bfloat16, GroupsOfOutputs) {
  for (int64_t in : {20, 150, 272})
    for (int64_t out : {96, 112, 272}) check(square(9, in, out, 1, 1, 0));
}

TEST_P(Bfloat16, WidthsStridesAndPadding) {
  for (int64_t width : {1, 7, 8, 9, 33, 50})
    for (int64_t stride : {1, 2, 3})
      for (int64_t kernel : {1, 2, 3, 5}) {
        ConvProblem p = square(11, 5, 18, kernel, stride, kernel / 2);
        p.in_width = width + kernel;
        check(sized(p, 1), {3, 2, 1}, {2, 5, 3});
        p.dilation_h = p.dilation_w = 2;
        p.pad_left = 4;  // a window entirely in the padding
        check(sized(p, 2 * kernel));
      }
}

TEST_P(Bfloat16, ResidualsAndActivations) {
  for (Residual order : {Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation})
    for (ActivationKind kind :
         {ActivationKind::kNone, ActivationKind::kLeakyRelu, ActivationKind::kSilu}) {
      ConvProblem p = square(9, 20, 40, 3, 1, 1);
      p.residual = order;
      p.activation = {kind, 0.1f, 0};
      check(p, {3, 2, 1}, {2, 5, 3});
    }
}

// Rounded apart from the kernel, by the definition: to the nearest multiple of the unit of 8 bits.
float rounded(float value) {
  int exponent = 0;
  const double mantissa = std::frexp(static_cast<double>(value), &exponent);
  if (std::fabs(value) < std::ldexp(1.0, -126)) return 0;
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8));
}

// Any inputs and weights give the bits that their rounded values give.
TEST_P(Bfloat16, RoundsToNearestEven) {
  Random random;
  for (int64_t channels : {1, 2, 31, 32, 33, 64, 79}) {
    ConvProblem p = square(5, channels, 19, 1, 1, 0);
    p.precision = Precision::kBfloat16;
    std::vector<float> weights = random.reals(p.weight_count());
    TestMap input(5, 5, channels);
    input.fill(random, -3, 3);
    int i = 0;
    input.for_each([&](float& x) {
      const float unit = std::ldexp(1.0f, i % 9 - 4);
      if (i % 3 == 1) x = unit * (1 + static_cast<float>(i % 7) / 256);  // ties among them
      if (i % 11 == 2) x = std::ldexp(unit, -140);                       // a denormal
      ++i;
    });
    const auto run = [&] {
      const PackedConv packed = row().pack(p, weights.data(), nullptr);
      AlignedScratch scratch(row().scratch_bytes(p, 1));
      ThreadPool pool(1);
      TestMap output(5, 5, 19);
      row().run(p, packed, {input.view(), output.view(), {}}, pool, scratch.span());
      return output.values();
    };
    const std::vector<float> as_given = run();
    input.for_each([](float& x) { x = rounded(x); });
    for (float& w : weights) w = rounded(w);
    EXPECT_TRUE(near(run(), as_given, 0)) << channels << " channels";
  }
}

// Not finite, or not once rounded: one product with 1 is the value itself, rounded. Whether weights
// and inputs are rounded alike (the one by the packing, the other by the processor) shows in
// exchanging them.
TEST_P(Bfloat16, TakesWhatIsNotFiniteAsTheProcessorDoes) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  ConvProblem p = square(1, 1, 1, 1, 1, 0);
  p.precision = Precision::kBfloat16;
  const auto product = [&](float x, float w) {
    const PackedConv packed = row().pack(p, &w, nullptr);
    AlignedScratch scratch(row().scratch_bytes(p, 1));
    ThreadPool pool(1);
    TestMap input(1, 1, 1), output(1, 1, 1);
    input.for_each([&](float& value) { value = x; });
    row().run(p, packed, {input.view(), output.view(), {}}, pool, scratch.span());
    return output.values().at(0);
  };
  const float largest = std::bit_cast<float>(0x7F7FFFFFu), kept = std::bit_cast<float>(0x7F7F0000u);
  for (const auto& [value, expected] : {std::pair{kInfinity, kInfinity},
                                        {-kInfinity, -kInfinity},
                                        {largest, kInfinity},
                                        {-largest, -kInfinity},
                                        {kept, kept}}) {
    EXPECT_EQ(product(value, 1), expected) << value;
    EXPECT_EQ(product(1, value), expected) << value;
  }
  for (const uint32_t bits : {0x7FC00000u, 0x7F800001u, 0xFFFFFFFFu}) {
    EXPECT_TRUE(std::isnan(product(std::bit_cast<float>(bits), 1))) << bits;
    EXPECT_TRUE(std::isnan(product(1, std::bit_cast<float>(bits)))) << bits;
  }
  const float denormal = std::bit_cast<float>(0x007FFFFFu);
  EXPECT_EQ(product(denormal, 1e30f), 0);
  EXPECT_EQ(product(1e30f, denormal), 0);
}

// Where it is chosen, nothing that is declined for it costs less by the same measure: what a limit
// of memory relies on.
TEST_P(Bfloat16, CostsLessThanWhatItIsChosenOver) {
  if (!is_first()) GTEST_SKIP() << "not chosen here";
  int chosen = 0;
  for (int64_t size : {1, 2, 3, 4, 5, 6, 8, 12, 20, 40})
    for (int64_t channels : {16, 48, 64, 128, 256})
      for (int64_t stride : {1, 2}) {
        ConvProblem p = square(size * stride, channels, channels, 3, stride, 1);
        const std::vector<const ConvKernel*> fp32 = conv_candidates(p);
        const double least = fp32.front()->cost(p);
        p.precision = Precision::kBfloat16;
        const ConvKernel* best = select_kernel(conv_kernels(), p).kernel;
        chosen += best == &row() ? 1 : 0;
        EXPECT_LE(best->cost(p), least) << describe(p);
      }
  EXPECT_GT(chosen, 10);
}

TEST_P(Bfloat16, IsChosenWhereThatIsFaster) {
  if (!is_first()) GTEST_SKIP() << "not chosen here";
  const auto chosen = [&](ConvProblem p) {
    p.precision = Precision::kBfloat16;
    return select_kernel(conv_kernels(), p).kernel == &row();
  };
  EXPECT_TRUE(chosen(square(40, 64, 64, 1, 1, 0)));
  EXPECT_TRUE(chosen(square(40, 64, 128, 3, 2, 1)));
  EXPECT_EQ(chosen(square(40, 64, 64, 3, 1, 1)), cpu_features().amx_bf16) << "or Winograd's";
  EXPECT_FALSE(chosen(square(320, 3, 16, 3, 2, 1))) << "the taps of few channels";
  EXPECT_FALSE(chosen(square(40, 64, 1, 1, 1, 0))) << "few outputs";
}

TEST_P(Bfloat16, IsACandidateOnlyWhereItMayRound) {
  ConvProblem p = square(20, 64, 64, 1, 1, 0);
  const auto offered = [&] {
    const std::vector<const ConvKernel*> rows = conv_candidates(p);
    return std::count(rows.begin(), rows.end(), &row()) == 1;
  };
  EXPECT_FALSE(offered());
  p.precision = Precision::kBfloat16;
  EXPECT_TRUE(offered());
}

INSTANTIATE_TEST_SUITE_P(Rows, Bfloat16, ::testing::Values("avx512_bfloat16", "amx_bfloat16"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace shrike::kernels
