// First layers by Winograd's algorithm along rows against the reference.
#include "kernels/conv/stem_winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kernels/testing/conv_case.h"
#include "kernels/winograd/algorithms.h"

namespace shrike::kernels {
namespace {

using namespace testing;

class StemWinogradTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const ConvKernel& row : conv_kernels())
      if (std::strstr(row.name, "stem_winograd") && can_run(row.need)) row_ = &row;
    if (!row_) GTEST_SKIP() << "no row for this machine";
  }
  void check(const ConvProblem& problem, Gaps in = {}, Gaps out = {}) {
    EXPECT_EQ(row_->refuse(problem), nullptr);
    ConvCase(problem, random_, in, out).check(*row_);
  }
  const ConvKernel* row_ = nullptr;
  Random random_;
};

TEST_F(StemWinogradTest, SizesAroundTilesAndBands) {
  for (int64_t width = 16; width <= 37; ++width)
    for (int64_t pad : {0, 1, 2}) {
      ConvProblem p = square(random_.integer(3, 13), 3, 16, 3, 1, pad);
      p.in_width = width + 2 - 2 * pad;
      check(sized(p, pad));
    }
}

// Rows that begin and end within a vector, and vectors that are padding alone.
TEST_F(StemWinogradTest, WidePadding) {
  for (const int64_t pad : {5, 17, 20})
    for (const int64_t width : {1, 6, 16, 31}) {
      ConvProblem p = square(7, 3, 16, 3, 1, pad);
      p.in_width = width;
      p = sized(p, pad);
      if (p.out_width >= 16) check(p);
    }
}

TEST_F(StemWinogradTest, OutputsAroundVectors) {
  for (int64_t out : {1, 7, 15, 16, 17, 31, 32, 33, 48}) check(square(19, 3, out, 3, 1, 1));
}

TEST_F(StemWinogradTest, GapsAndActivations) {
  for (ActivationKind kind :
       {ActivationKind::kNone, ActivationKind::kRelu, ActivationKind::kLeakyRelu,
        ActivationKind::kSilu, ActivationKind::kMish})
    for (int64_t out : {12, 16, 32}) {
      ConvProblem p = square(22, 3, out, 3, 1, 1);
      p.activation.kind = kind;
      p.activation.alpha = 0.1f;
      check(p, {3, 2, 1}, {2, 5, 3});
    }
}

// As good as a direct sum wherever the picture's numbers lie.
TEST_F(StemWinogradTest, PicturesOfAnyRange) {
  struct Case {
    float low, high, size;
  };
  for (const Case& c : {Case{0, 1, 1}, Case{0, 255, 255}, Case{-2, 3, 3}, Case{-1e-3f, 1e-3f, 1},
                        Case{250, 255, 255}, Case{0, 0, 1}}) {
    SCOPED_TRACE(c.high);
    ConvCase test(square(25, 3, 16, 3, 1, 1), random_);
    test.fill_input(random_, c.low, c.high);
    test.check(*row_, c.size);
  }
}

TEST_F(StemWinogradTest, RefusesWithReasons) {
  EXPECT_STREQ(row_->refuse(square(32, 3, 16, 3, 2, 1)), "made for another stride");
  EXPECT_STREQ(row_->refuse(square(32, 4, 16, 3, 1, 1)), "not a 3x3 kernel on three channels");
  EXPECT_STREQ(row_->refuse(square(15, 3, 16, 3, 1, 1)), "rows of too few pixels");
  ConvProblem p = square(32, 3, 16, 3, 1, 1);
  p.max_rounding = 2;
  EXPECT_STREQ(row_->refuse(p), "its sums round more than is allowed");
}

TEST(StemWinogradRounding, IsTheRootOfThatAlongBothDirections) {
  EXPECT_NEAR(kStemWinogradRounding, std::sqrt(kToomCook4.rounding) * 1.7, 0.02);
}

}  // namespace
}  // namespace shrike::kernels
