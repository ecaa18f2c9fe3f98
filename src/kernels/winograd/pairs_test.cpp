// Winograd's points in pairs against the reference, for inputs of any size and mean.
#include "kernels/winograd/pairs.h"

#include <gtest/gtest.h>

#include <cstring>

#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

// The rows that this machine can compute, were it fast at it or not.
std::vector<ConvKernel> rows_for(const ConvProblem& problem) {
  std::vector<ConvKernel> rows;
  for (const ConvKernel& row : conv_kernels()) {
    if (!std::strstr(row.name, "winograd_pairs") || !can_run(row.need)) continue;
    const char* reason = row.refuse(problem);
    if (!reason || std::strstr(reason, "faster")) rows.push_back(row);
  }
  return rows;
}

class WinogradInPairs : public ::testing::Test {
 protected:
  void SetUp() override {
    if (rows_for(square(20, 96, 96, 3, 1, 1)).empty()) GTEST_SKIP() << "no row for this machine";
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

// Blocks of channels: of 48, of what is left, and of 24 where weights are transformed in the run.
TEST_F(WinogradInPairs, ChannelsAroundBlocks) {
  for (int64_t in : {80, 96, 97, 98, 143, 145, 192, 193})
    for (int64_t out : {16, 17, 33, 64})
      for (int64_t stride : {1, 2}) {
        const ConvProblem p = square(9, in, out, 3, stride, 1);
        check(ConvCase(p, random_), p);
      }
  EXPECT_GE(checked_, 8 * 4 * 4);
}

// Weights from beyond the caches, tiles in one group and in several; and more blocks than threads,
// which are computed some at a time.
TEST_F(WinogradInPairs, LargeWeights) {
  for (int64_t size : {13, 23, 29, 62}) {
    const ConvProblem p = square(size, 200, 130, 3, 1, 1);
    check(ConvCase(p, random_), p);
  }
  EXPECT_GE(checked_, 4 * 3);
}

TEST_F(WinogradInPairs, GapsAndResiduals) {
  for (Residual order : {Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation})
    for (int64_t stride : {1, 2}) {
      ConvProblem p = square(17, 100, 40, 3, stride, 1);
      p.residual = order;
      p.activation.kind = ActivationKind::kSilu;
      check(ConvCase(p, random_, {3, 2, 1}, {2, 5, 3}), p);
    }
  EXPECT_GE(checked_, 3 * 4);
}

// What the scales are for.
TEST_F(WinogradInPairs, InputsOfAnySizeAndMean) {
  struct Case {
    float low, high, size;
  };
  for (const Case& c :
       {Case{0, 6, 6}, Case{-2000, 2000, 2000}, Case{100, 101, 100}, Case{-1e-3f, 1e-3f, 1},
        Case{-1e-20f, 1e-20f, 1}, Case{0, 0, 1}, Case{7, 7, 7}}) {
    SCOPED_TRACE(c.high);
    for (int64_t stride : {1, 2}) {
      const ConvProblem p = square(13, 128, 32, 3, stride, 1);
      ConvCase test(p, random_);
      test.fill_input(random_, c.low, c.high);
      check(test, p, c.size);
    }
  }
  EXPECT_GE(checked_, 7 * 4);
}

// A window's scale is that of half of its inputs: the others may be unlike them.
TEST_F(WinogradInPairs, FewInputsUnlikeTheRest) {
  const ConvProblem p = square(30, 96, 32, 3, 1, 1);
  for (float rest : {0.0f, 0.1f, 7.0f}) {
    ConvCase test(p, random_);
    test.fill_input(random_, rest, rest);
    for (int i = 0; i < 20; ++i) {
      float* pixel = test.input().at(random_.integer(0, 29), random_.integer(0, 29));
      for (int64_t c = 0; c < 96; ++c) pixel[c] = random_.real(-1, 1);
    }
    check(test, p, std::max(4.0f, rest));
  }
  EXPECT_GE(checked_, 3 * 2);
}

// A tile's outputs depend on its window alone: not on the rest of the map, which bands of rows
// (engine/bands.h) do not have.
TEST_F(WinogradInPairs, TilesDoNotDependOnOthers) {
  const ConvProblem p = square(40, 96, 32, 3, 1, 1);
  ConvCase test(p, random_);
  for (const ConvKernel& row : rows_for(p)) {
    SCOPED_TRACE(row.name);
    const std::vector<float> before = test.run(row, 1);
    float* pixel = test.input().at(39, 39);
    std::fill_n(pixel, 96, pixel[0] + 1000);
    const std::vector<float> after = test.run(row, 1);
    EXPECT_TRUE(std::equal(before.begin(), before.begin() + 30 * 40 * 32, after.begin()));
    EXPECT_FALSE(before == after);
  }
}

TEST(WinogradInPairsChoice, WhereAddersAreSeparate) {
#if SHRIKE_KERNELS_AVX2
  CpuFeatures cpu;
  cpu.avx2_fma = cpu.avx512 = true;
  const auto chosen = [&](const ConvProblem& p) {
    return std::string(select_kernel(conv_kernels(), p, cpu).kernel->name);
  };
  // Where weights are made depends on the processor that this runs on.
  const auto is_single = [&](const ConvProblem& p) {
    return chosen(p) == "avx512_winograd_5x5" || chosen(p) == "avx512_lean_winograd_5x5" ||
           chosen(p) == "avx512_lean_winograd_4x4";
  };
  ConvProblem p = square(40, 128, 64, 3, 1, 1);
  EXPECT_TRUE(is_single(p));
  cpu.separate_adders = true;
  EXPECT_EQ(chosen(p), "avx512_winograd_pairs_5x5");
  EXPECT_TRUE(is_single(square(40, 127, 64, 3, 1, 1)));  // rounds too much
  EXPECT_EQ(chosen(square(80, 64, 128, 3, 2, 1)), "avx512_winograd_pairs_stride2");
  EXPECT_EQ(chosen(square(208, 16, 32, 3, 1, 1)), "avx512_winograd_4x4");  // few channels
  cpu.whole_avx512 = true;
  // Transforms are most of what pairs take.
  EXPECT_TRUE(is_single(square(40, 66, 64, 3, 1, 1)));
  EXPECT_EQ(chosen(square(80, 64, 128, 3, 2, 1)), "avx512_winograd_stride2");
  EXPECT_EQ(chosen(square(20, 256, 256, 3, 1, 1)), "avx512_wide_winograd_pairs_5x5");
  p.max_packed_bytes = 12 * p.weight_count();
  EXPECT_EQ(chosen(square(13, 512, 1024, 3, 1, 1)), "avx512_whole_lean_winograd_pairs_5x5");
  cpu.whole_avx512 = false;
  EXPECT_EQ(chosen(p), "avx512_lean_winograd_pairs_5x5");
#else
  GTEST_SKIP() << "no rows for this processor";
#endif
}

}  // namespace
}  // namespace shrike::kernels
