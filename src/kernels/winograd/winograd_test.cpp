// Every Winograd kernel against the reference, also where a direct convolution would be chosen.
#include "kernels/winograd/winograd.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "kernels/testing/conv_case.h"
#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/lean.h"
#include "kernels/winograd/tiles.h"

namespace shrike::kernels {
namespace {

using namespace testing;

// The Winograd kernels that this machine can run and that can compute the problem, also where
// another is estimated to be faster or it rounds more than the problem allows.
std::vector<ConvKernel> rows_for(const ConvProblem& problem) {
  std::vector<ConvKernel> rows;
  for (const ConvKernel& row : conv_kernels()) {
    if (!std::strstr(row.name, "winograd") || !can_run(row.need)) continue;
    const char* reason = row.refuse(problem);
    if (!reason || std::strstr(reason, "faster") || std::strstr(reason, "round"))
      rows.push_back(row);
  }
  return rows;
}

void check_rows(const ConvProblem& problem, Random& random, Gaps in = {}, Gaps out = {}) {
  const ConvCase test(problem, random, in, out);
  const std::vector<ConvKernel> rows = rows_for(problem);
  EXPECT_FALSE(rows.empty());
  for (const ConvKernel& row : rows) {
    SCOPED_TRACE(row.name);
    test.check(row);
  }
}

// With one channel and weights that are 1 at a single tap, the output is the shifted input.
TEST(Winograd, TransformsInvertEachOther) {
  Random random;
  ThreadPool pool(1);
  for (int stride : {1, 2})
    for (int tap = 0; tap < 9; ++tap) {
      const ConvProblem p = square(13, 1, 1, 3, stride, 1);
      std::vector<float> weights(9, 0.0f), input = random.reals(13 * 13);
      weights[static_cast<size_t>(tap)] = 1;
      for (const ConvKernel& row : rows_for(p)) {
        AlignedScratch scratch(row.scratch_bytes(p, 1));
        TestMap output(p.out_height, p.out_width, 1);
        row.run(p, row.pack(p, weights.data(), nullptr),
                {dense_map<const float>(input.data(), 13, 13, 1), output.view(), {}}, pool,
                scratch.span());
        for (int y = 0; y < p.out_height; ++y)
          for (int x = 0; x < p.out_width; ++x) {
            const int from_y = y * stride - 1 + tap / 3, from_x = x * stride - 1 + tap % 3;
            const bool inside = from_y >= 0 && from_y < 13 && from_x >= 0 && from_x < 13;
            const float expected = inside ? input[static_cast<size_t>(from_y * 13 + from_x)] : 0;
            EXPECT_NEAR(*output.view().at(y, x), expected, row.rounding * sum_tolerance(9))
                << row.name << " tap " << tap;
          }
      }
    }
}

// What docs/decisions/006-winograd.md says of the points.
TEST(Winograd, PointsRoundLittle) {
  EXPECT_NEAR(kToomCook4.rounding, 7.1, 0.05);
  EXPECT_NEAR((toom_cook<true, 2>({1, 2}, {1, 1}).rounding), 31.4, 0.05);
  EXPECT_NEAR(kToomCook5.rounding, 17.1, 0.05);
  EXPECT_NEAR((toom_cook<true, 3>({0.5, 1, 2}, {1, 1, 1}).rounding), 46.3, 0.05);
  EXPECT_NEAR((toom_cook<true, 3>({0.54, 1, 1.84}, {1, 1, 1}).rounding), 44.1, 0.05);
  EXPECT_NEAR(kPolyphase4.rounding, 3.1, 0.05);
  EXPECT_NEAR((polyphase<2>({0.5, 1}, {1, 1}).rounding), 5.3, 0.05);
}

// Every output is in one tile, tiles that have no use for a point are those that are shorter, and
// those that have are found in at most two runs of any part of the tiles.
TEST(Winograd, MixedTilesCoverTheMap) {
  for (const WinogradAlgorithm* algorithm : kWinogradAlgorithms)
    for (int64_t height = 1; height <= 27; ++height)
      for (int64_t width = 1; width <= 27; ++width) {
        ConvProblem p;
        p.out_height = height, p.out_width = width;
        const TileGrid grid(*algorithm, p);
        ASSERT_EQ(grid.count(), winograd_tiles(*algorithm, p));
        std::vector<int> covered(static_cast<size_t>(height * width));
        std::vector<std::array<bool, 4>> uses(static_cast<size_t>(grid.count()));
        for (int64_t t = 0; t < grid.count(); ++t) {
          const TileGrid::Place at = grid.place(t);
          for (int i = 0; i < at.down; ++i)
            for (int j = 0; j < at.across; ++j)
              ++covered[static_cast<size_t>((at.y + i) * width + at.x + j)];
          const bool rows = algorithm->stride != 1 || at.down == algorithm->out;
          const bool columns = algorithm->stride != 1 || at.across == algorithm->out;
          uses[static_cast<size_t>(t)] = {true, columns, rows, rows && columns};
        }
        ASSERT_EQ(covered, std::vector<int>(covered.size(), 1)) << height << "x" << width;
        const int64_t first = grid.count() / 3, last = grid.count() - grid.count() / 5;
        const TileGrid::Users users(grid, first, last);
        const int end = algorithm->in - 1;
        for (size_t kind = 0; kind < 4; ++kind) {
          std::vector<bool> found(uses.size());
          for (const TileGrid::Run& run : users.of(kind >= 2 ? end : 0, kind % 2 == 1 ? end : 0))
            for (int64_t t = run.first; t < run.last; ++t) found[static_cast<size_t>(t)] = true;
          for (int64_t t = 0; t < grid.count(); ++t)
            ASSERT_EQ(found[static_cast<size_t>(t)],
                      t >= first && t < last && uses[static_cast<size_t>(t)][kind])
                << height << "x" << width << " tile " << t << " of kind " << kind;
        }
      }
}

TEST(Winograd, SizesAroundTiles) {
  Random random;
  for (int64_t height : {1, 2, 3, 4, 5, 7, 12, 13})
    for (int64_t width = 1; width <= 14; ++width)
      for (int64_t pad : {0, 1, 2}) {
        if (height + 2 * pad < 3 || width + 2 * pad < 3) continue;
        ConvProblem p = square(height, 5, 9, 3, random.integer(1, 2), pad);
        p.in_width = width;
        check_rows(sized(p, pad), random);
        if (HasFailure()) return;
      }
}

TEST(Winograd, ChannelsAroundVectorWidths) {
  Random random;
  for (int64_t in : {1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 70})
    for (int64_t out : {1, 7, 8, 9, 16, 17, 24, 31, 32, 33, 48, 49}) {
      for (int64_t stride : {1, 2}) check_rows(square(7, in, out, 3, stride, 1), random);
      if (HasFailure()) return;
    }
}

TEST(Winograd, ManyBlocks) {
  Random random;
  check_rows(square(45, 20, 40, 3, 1, 1), random);
  check_rows(square(20, 130, 36, 3, 1, 1), random);
  check_rows(square(50, 70, 36, 3, 2, 1), random);
}

TEST(Winograd, RandomProblems) {
  Random random;
  for (int i = 0; i < 200; ++i) {
    ConvProblem p = square(random.integer(3, 30), random.integer(1, 40), random.integer(1, 70), 3,
                           random.integer(1, 2), random.integer(0, 2));
    p.in_width = random.integer(3, 30);
    p.pad_left = random.integer(0, 3);
    p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
    p.residual =
        random.pick({Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation});
    p = sized(p, random.integer(0, 3));
    const Gaps in{random.integer(0, 9), random.integer(0, 5), random.integer(0, 7)};
    const Gaps out{random.integer(0, 9), random.integer(0, 5), random.integer(0, 7)};
    check_rows(p, random, in, out);
    if (HasFailure()) return;
  }
}

TEST(Winograd, TheFastestThatMemoryAllowsIsChosen) {
  ConvProblem p = square(40, 256, 64, 3, 1, 1);
  const auto accepted = [&](const WinogradKernel& kernel) { return !winograd_refuse(kernel, p); };
  EXPECT_TRUE(accepted(kWinograd5Plain));
  EXPECT_STREQ(winograd_refuse(kWinograd4Plain, p), "another tile size is faster at this size");
  p.max_packed_bytes = 40 * 256 * 64 * 4;  // between 36 and 49 points
  EXPECT_STREQ(winograd_refuse(kWinograd5Plain, p), "the packed weights would be too large");
  EXPECT_TRUE(accepted(kWinograd4Plain));
  p.max_packed_bytes = p.weight_count() * 4;
  EXPECT_FALSE(accepted(kWinograd4Plain));
  for (const ConvKernel& row : rows_for(p)) ADD_FAILURE() << row.name << " takes more memory";
}

TEST(Winograd, TilesThatRoundMuchNeedManyChannels) {
  const auto reason = [](const WinogradKernel& kernel, int64_t channels) {
    return winograd_refuse(kernel, square(40, channels, 64, 3, 1, 1));
  };
  EXPECT_STREQ(reason(kWinograd5Plain, 65), "its sums round more than is allowed");
  EXPECT_EQ(reason(kWinograd4Plain, 65), nullptr);
  EXPECT_EQ(reason(kWinograd5Plain, 66), nullptr);
  EXPECT_STREQ(reason(kWinograd4Plain, 11), "its sums round more than is allowed");
  EXPECT_EQ(reason(kWinograd4Plain, 12), nullptr);
}

TEST(Winograd, RefusesWithReasons) {
  const auto reason = [](const ConvProblem& p) { return winograd_refuse(kWinograd5Plain, p); };
  ConvProblem p = square(40, 96, 64, 3, 1, 1);
  EXPECT_EQ(reason(p), nullptr);
  p.max_packed_bytes = (49 * 96 * 64 + 64) * 4 - 1;  // with the bias
  EXPECT_STREQ(reason(p), "the packed weights would be too large");
  p.max_packed_bytes = INT64_MAX;
  p.groups = 2;
  EXPECT_STREQ(reason(p), "grouped");
  EXPECT_STREQ(reason(square(20, 64, 64, 3, 2, 1)), "made for another stride");
  EXPECT_STREQ(reason(square(20, 64, 64, 1, 1, 0)), "not a 3x3 kernel");
  p = square(20, 1, 16, 3, 1, 1);
  p.max_rounding = 30;
  EXPECT_STREQ(reason(p), "a direct convolution is faster at this size");
  EXPECT_STREQ(reason(square(1, 96, 64, 3, 1, 1)), "a direct convolution is faster at this size");
}

#if SHRIKE_KERNELS_AVX2
// What a processor's third cache level gives decides it.
TEST(Winograd, WeightsAreMadeInTheRunWhereTheyWouldComeFromAfar) {
  CpuFeatures near, far;
  near.separate_adders = far.separate_adders = far.far_l3 = true;
  const auto packed = [](int64_t side, int64_t channels, const CpuFeatures& cpu) {
    return winograd_cost(kWinograd5, square(side, channels, channels, 3, 1, 1), cpu);
  };
  const auto made = [](int64_t side, int64_t channels) {
    return lean_winograd_cost(kLeanWinograd5Avx512, square(side, channels, channels, 3, 1, 1));
  };
  for (int64_t side : {20, 40}) {
    EXPECT_LT(packed(side, 64, near), made(side, 64)) << side;
    EXPECT_LT(made(side, 64), packed(side, 64, far)) << side;
  }
  EXPECT_LT(packed(160, 16, far), made(160, 16));  // many tiles of few channels
  CpuFeatures shared = far;
  shared.separate_adders = false;
  EXPECT_LT(packed(40, 64, far), packed(40, 64, shared));
}
#endif

}  // namespace
}  // namespace shrike::kernels
