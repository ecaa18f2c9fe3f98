// Products in pairs against the reference, for inputs of any size and mean.
#include "kernels/conv/pointwise_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "kernels/conv/evenness.h"
#include "kernels/conv/pointwise_geometry.h"
#include "kernels/testing/activations.h"
#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

// The rows that this machine can compute, were it fast at it or not.
std::vector<ConvKernel> rows_for(const ConvProblem& problem) {
  std::vector<ConvKernel> rows;
  for (const ConvKernel& row : conv_kernels())
    if (std::strstr(row.name, "_pairs") && can_run(row.need) && !row.refuse(problem))
      rows.push_back(row);
  return rows;
}

ConvProblem pointwise(int64_t height, int64_t width, int64_t in, int64_t out, int64_t stride = 1) {
  ConvProblem p = square(1, in, out, 1, stride, 0);
  p.in_height = height;
  p.in_width = width;
  return sized(p, 0);
}

class PointwisePairs : public ::testing::Test {
 protected:
  void SetUp() override {
    if (rows_for(pointwise(8, 8, 48, 48)).empty()) GTEST_SKIP() << "no row for this machine";
  }
  void check(const ConvCase& test, const ConvProblem& problem, float tolerance_factor = 1) {
    for (const ConvKernel& row : rows_for(problem)) {
      SCOPED_TRACE(row.name);
      test.check(row, tolerance_factor);
      ++checked_;
    }
  }
  Random random_;
  int checked_ = 0;
};

TEST(PointwisePairsOrder, EachChannelOnceAndPartnersOfOneAnother) {
  for (int64_t depth = 0; depth < 30; ++depth)
    for (int64_t pairs : {depth / 3, (depth + 1) / 3}) {
      std::vector<int64_t> partner_of(static_cast<size_t>(depth), -1);
      for_each_channel(depth, pairs, [&](int64_t channel, int64_t partner) {
        EXPECT_EQ(partner_of.at(static_cast<size_t>(channel)), -1);
        partner_of.at(static_cast<size_t>(channel)) = partner;
      });
      int64_t single = 0;
      for (int64_t k = 0; k < depth; ++k) {
        const int64_t partner = partner_of[static_cast<size_t>(k)];
        ASSERT_TRUE(partner >= 0 && partner < depth);
        EXPECT_EQ(partner_of[static_cast<size_t>(partner)], k);
        single += partner == k;
      }
      EXPECT_EQ(single, depth - 2 * pairs);
      const PairTurns turns(depth, pairs);
      EXPECT_EQ(3 * turns.count + (turns.rest < 0 ? 2 : turns.rest), depth);
    }
}

TEST_F(PointwisePairs, SizesAroundVectorsAndTiles) {
  for (int64_t in : {24, 25, 26, 31, 48, 49, 97, 145})
    for (int64_t out : {16, 63, 64, 65, 72, 81})
      for (int64_t width : {8, 13}) {
        const ConvProblem p = pointwise(9, width, in, out);
        check(ConvCase(p, random_), p);
      }
  EXPECT_GT(checked_, 70);
}

TEST_F(PointwisePairs, GapsStridesResiduals) {
  for (Residual order : {Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation})
    for (int64_t stride : {1, 2})
      for (ActivationKind kind : {ActivationKind::kNone, ActivationKind::kSilu}) {
        ConvProblem p = pointwise(17, 19, 50, 40, stride);
        p.residual = order;
        p.activation.kind = kind;
        check(ConvCase(p, random_, {3, 2, 1}, {2, 5, 3}), p);
        check(ConvCase(p, random_, {3, 0, 1}, {2, 0, 3}), p);
      }
  EXPECT_GE(checked_, 24);
}

// Whole panels of two, three and four vectors, alone and with a narrower one behind; functions that
// are finished in registers and in memory.
TEST_F(PointwisePairs, PanelsOfSeveralVectors) {
  for (int64_t out : {48, 64, 80, 112, 128, 144, 176})
    for (int64_t in : {24, 31, 50, 127, 272})
      for (ActivationKind kind :
           {ActivationKind::kNone, ActivationKind::kLeakyRelu, ActivationKind::kHardSwish}) {
        ConvProblem p = pointwise(9, 10, in, out);
        p.activation = example_of(kind);
        p.residual = random_.pick(
            {Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation});
        check(ConvCase(p, random_, {3, 2, 1}, {2, 0, 3}), p);
      }
  EXPECT_GE(checked_, 84);
}

// Where threads divide outputs, not pixels, and where there are just too few of them.
TEST_F(PointwisePairs, FewPixelsAndManyOutputs) {
  int taken = 0;
  for (const auto& [in, out] :
       {std::pair<int64_t, int64_t>{260, 130}, {96, 272}, {60, 448}, {260, 63}})
    for (Residual order : {Residual::kNone, Residual::kBeforeActivation})
      for (const Gaps& gaps : {Gaps{}, Gaps{3, 2, 1}}) {
        ConvProblem p = pointwise(10, 10, in, out);
        p.residual = order;
        taken += ConvCase(p, random_, gaps, gaps).check_all();
      }
  EXPECT_GE(taken, 32);
}

// Which are copied apart, of all threads.
TEST_F(PointwisePairs, PixelsOf4Kilobytes) {
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{1024, 40}, {2048, 33}, {1024, 130}})
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{9, 11}, {1, 70}})
      for (const Gaps& gaps : {Gaps{}, Gaps{3, 2, 1}}) {
        ConvProblem p = pointwise(height, width, in, out);
        p.residual = Residual::kAfterActivation;
        check(ConvCase(p, random_, gaps, gaps), p);
      }
  EXPECT_GE(checked_, 12);
}

// Sums of so few channels have no pairs.
TEST_F(PointwisePairs, OneAndTwoChannels) {
  for (const int64_t in : {1, 2, 3, 4}) {
    ConvProblem p = pointwise(9, 11, in, 40);
    p.by_estimate = false;
    check(ConvCase(p, random_), p);
  }
  EXPECT_GE(checked_, 4);
}

// All lines, unless there are too few pairs, and none that lies far behind a unit's share.
TEST(PointwisePairsAhead, AsksForAll) {
  constexpr int64_t kLine = 64, kRows = 10;
  const std::vector<std::byte> all(200 * kLine);
  for (const int64_t units : {1, 7, 28})
    for (const int64_t panels : {1, 3})
      for (const int64_t tiles : {0, 4, 10})
        for (const int64_t pairs : {1, 8, 149})
          for (const int64_t lines : {0, 1, 50, 200}) {
            SCOPED_TRACE(std::to_string(units) + " " + std::to_string(panels) + " " +
                         std::to_string(tiles) + " " + std::to_string(pairs) + " " +
                         std::to_string(lines));
            const auto next = std::span(all).first(static_cast<size_t>(lines * kLine));
            const int64_t times = panels * tiles * pairs;
            int64_t end = 0;
            bool enough = true;
            for (int64_t i = 0; i < units; ++i) {
              PointwiseStrip strip{};
              strip.count = tiles * kRows + 3;
              ask_ahead(next, i, units, panels, kRows, pairs, strip);
              if (!strip.ahead) continue;
              const int64_t first = strip.ahead - next.data();
              const int64_t share = lines * kLine * (i + 1) / units - first;
              enough = enough && share <= times * kLine;
              if (enough) {
                EXPECT_LE(first, end);
              }
              EXPECT_EQ(strip.ahead_panel, tiles * pairs * strip.ahead_step);
              end = first + panels * strip.ahead_panel;
              EXPECT_LE(end, first + share + times);
            }
            if (tiles > 0 && enough) {
              EXPECT_GE(end, lines * kLine);
            }
          }
}

// By blocks of pixels, and, of few pixels on two threads, by panels.
TEST_F(PointwisePairs, SameBitsWhateverIsAskedForAhead) {
  const std::vector<std::byte> next(5000);
  int compared = 0;
  for (const int64_t out : {130, 272}) {
    const ConvProblem p = pointwise(10, 10, 96, out);
    const ConvCase test(p, random_);
    for (const ConvKernel& row : rows_for(p))
      for (const int threads : {1, 2}) {
        EXPECT_TRUE(near(test.run(row, 1), test.run(row, threads, true, next), 0)) << row.name;
        ++compared;
      }
  }
  EXPECT_GE(compared, 4);
}

// How many vectors a panel has is no part of a sum where processors compute 512 bits at once; the
// row for others adds in another order.
TEST_F(PointwisePairs, SameBitsInPanelsOfAnyWidth) {
  int compared = 0;
  for (int64_t out : {48, 64, 112, 144})
    for (int64_t in : {32, 49, 100}) {
      const ConvProblem p = pointwise(9, 11, in, out);
      const ConvCase test(p, random_);
      std::vector<std::vector<float>> results;
      for (const ConvKernel& row : rows_for(p))
        if (row.need == CpuNeed::kAvx512WholeAdders) results.push_back(test.run(row, 1));
      for (const std::vector<float>& result : results) EXPECT_TRUE(near(results[0], result, 0));
      compared += static_cast<int>(results.size()) - 1;
    }
  if (can_run(CpuNeed::kAvx512WholeAdders)) {
    EXPECT_GE(compared, 12);
  }
}

// As good as a direct sum wherever the inputs lie: what the shifts and the scale are for.
TEST_F(PointwisePairs, InputsOfAnySizeAndMean) {
  struct Case {
    float low, high, size;
  };
  for (const Case& c :
       {Case{0, 6, 6}, Case{-2000, 2000, 2000}, Case{100, 101, 100}, Case{-1e-3f, 1e-3f, 1},
        Case{-1e-20f, 1e-20f, 1}, Case{0, 0, 1}, Case{7, 7, 7}}) {
    SCOPED_TRACE(c.high);
    const ConvProblem p = pointwise(13, 13, 128, 32);
    ConvCase test(p, random_);
    test.fill_input(random_, c.low, c.high);
    check(test, p, c.size);
  }
  EXPECT_GE(checked_, 7);
}

// Pixels unlike all those that shifts and scale were taken from.
TEST_F(PointwisePairs, FewPixelsUnlikeTheRest) {
  const ConvProblem p = pointwise(40, 40, 96, 32);
  for (float rest : {0.0f, 0.1f, 7.0f}) {
    ConvCase test(p, random_);
    test.fill_input(random_, rest, rest);
    for (int i = 0; i < 20; ++i)
      for (int64_t c = 0; c < 96; ++c)
        test.input().at(random_.integer(0, 39), random_.integer(0, 39))[c] = random_.real(-1, 1);
    check(test, p, std::max(10.0f, rest));
  }
  EXPECT_GE(checked_, 3);
}

// What is not finite stays in its pixel.
TEST_F(PointwisePairs, NotANumber) {
  const ConvProblem p = pointwise(12, 12, 48, 32);
  for (float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    for (int64_t x = 0; x < 12; ++x) {
      ConvCase test(p, random_);
      test.input().at(5, x)[7] = value;
      const std::vector<float> expected = test.run(conv_kernels().back(), 1);
      for (const ConvKernel& row : rows_for(p)) {
        std::vector<float> actual = test.run(row, 1);
        const auto pixel = static_cast<size_t>((5 * 12 + x) * 32);
        for (size_t j = pixel; j < pixel + 32; ++j) {
          EXPECT_FALSE(std::isfinite(actual[j]));
          actual[j] = expected[j];
        }
        EXPECT_TRUE(near(expected, actual, 3 * sum_tolerance(48)));
      }
    }
}

// Channels scaled by powers of two and their weights by the inverse: the same layer, whose small
// inputs would be lost beside large weights.
TEST(Evenness, ScaledChannelsAreUneven) {
  Random random;
  const ConvProblem p = pointwise(13, 13, 96, 64);
  const std::vector<float> even = random.reals(p.weight_count());
  EXPECT_FALSE(has_uneven_channels(p, even.data()));
  const auto scaled = [&](bool outputs, int most) {
    std::vector<float> weights = even;
    std::vector<float> factors(96);
    for (float& factor : factors)
      factor = std::ldexp(1.0f, static_cast<int>(random.integer(-most, most)));
    for (size_t o = 0; o < 64; ++o)
      for (size_t i = 0; i < 96; ++i) weights[o * 96 + i] *= factors[outputs ? o : i];
    return has_uneven_channels(p, weights.data());
  };
  EXPECT_FALSE(scaled(false, 1));
  EXPECT_TRUE(scaled(false, 5));
  EXPECT_FALSE(scaled(true, 2));
  EXPECT_TRUE(scaled(true, 8));
  std::vector<float> dead = even;
  std::fill_n(dead.begin(), 40 * 96, 0.0f);  // of outputs that give nothing
  EXPECT_FALSE(has_uneven_channels(p, dead.data()));
  dead[5000] = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(has_uneven_channels(p, dead.data()));
}

TEST(Evenness, PairsRefuseUnevenChannels) {
  for (ConvProblem p : {pointwise(20, 20, 64, 64), square(20, 128, 128, 3, 1, 1),
                        square(40, 128, 128, 3, 2, 1), square(13, 512, 512, 3, 1, 1)}) {
    p.by_estimate = false;
    p.uneven = true;
    for (const ConvKernel& row : conv_kernels())
      if (std::strstr(row.name, "_pairs")) {
        EXPECT_TRUE(row.refuse(p)) << row.name;
      }
  }
}

TEST(PointwisePairsChoice, WhereAddersAreSeparate) {
#if SHRIKE_KERNELS_AVX2
  CpuFeatures cpu;
  cpu.avx2_fma = cpu.avx512 = true;
  const auto chosen = [&](const ConvProblem& p) {
    return std::string(select_kernel(conv_kernels(), p, cpu).kernel->name);
  };
  ConvProblem p = pointwise(13, 13, 128, 128);
  EXPECT_EQ(chosen(p), "avx512_pointwise");
  cpu.separate_adders = true;
  EXPECT_EQ(chosen(p), "avx512_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(7, 9, 128, 128)), "avx512_halved_pointwise");   // few pixels
  EXPECT_EQ(chosen(pointwise(13, 13, 15, 128)), "avx512_halved_pointwise");  // few channels
  EXPECT_EQ(chosen(pointwise(13, 13, 16, 47)), "avx512_halved_pointwise");   // few weights
  EXPECT_EQ(chosen(pointwise(13, 13, 16, 48)), "avx512_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(13, 13, 128, 8)), "avx512_halved_pointwise");  // few outputs
  cpu.whole_avx512 = true;
  EXPECT_EQ(chosen(p), "avx512_wide_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(13, 13, 128, 16)), "avx512_whole_pointwise");  // one vector of outputs
  ConvProblem activated = pointwise(13, 13, 255, 128), projection = pointwise(13, 13, 256, 128);
  activated.activation.kind = ActivationKind::kSilu;
  EXPECT_EQ(chosen(activated), "avx512_wide_pointwise_pairs");
  EXPECT_EQ(chosen(projection), "avx512_wide_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(13, 13, 64, 64)), "avx512_quad_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(13, 13, 64, 112)), "avx512_quad_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(13, 13, 64, 96)), "avx512_wide_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(13, 13, 448, 48)), "avx512_triple_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(13, 13, 64, 80)), "avx512_triple_pointwise_pairs");
  EXPECT_EQ(chosen(pointwise(13, 13, 16, 48)), "avx512_triple_pointwise");
  activated.in_channels = 256;
  EXPECT_EQ(chosen(activated), "avx512_wide_pointwise");  // long sums
  p.max_rounding = 1;
  EXPECT_EQ(chosen(p), "avx512_wide_pointwise");
  cpu.whole_avx512 = false;
  EXPECT_EQ(chosen(p), "avx512_halved_pointwise");
#else
  GTEST_SKIP() << "no rows for this processor";
#endif
}

}  // namespace
}  // namespace shrike::kernels
