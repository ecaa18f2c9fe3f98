// First layers of 6x6 with stride 2 against the reference.
#include "kernels/conv/focus.h"

#include <gtest/gtest.h>

#include <cstring>

#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

std::vector<ConvKernel> focus_rows() {
  std::vector<ConvKernel> rows;
  for (const ConvKernel& row : conv_kernels())
    if (std::strstr(row.name, "focus") && can_run(row.need)) rows.push_back(row);
  return rows;
}

class Focus : public ::testing::Test {
 protected:
  void check(const ConvProblem& problem, Gaps in = {}, Gaps out = {}) {
    const ConvCase test(problem, random_, in, out);
    for (const ConvKernel& row : focus_rows()) {
      SCOPED_TRACE(row.name);
      EXPECT_EQ(row.refuse(problem), nullptr);
      test.check(row);
    }
  }
  Random random_;
};

TEST_F(Focus, SizesAroundTilesAndChunks) {
  for (const int64_t width : {4, 5, 7, 8, 9, 16, 31, 90, 95, 96, 97, 103, 104, 105, 112, 211})
    for (const int64_t pad : {0, 1, 2, 3, 5}) {
      ConvProblem p = square(random_.integer(6, 37), 3, 16, 6, 2, pad);
      p.in_width = std::max<int64_t>(width, 6 - 2 * pad);
      check(sized(p, pad));
      if (HasFailure()) return;
    }
}

TEST_F(Focus, HeightsAroundTilesAndBands) {
  for (int64_t height = 2; height <= 37; ++height) {
    ConvProblem p = square(30, 3, 16, 6, 2, 2);
    p.in_height = height;
    check(sized(p, 2));
  }
}

TEST_F(Focus, OutputsAroundPanels) {
  for (const int64_t out : {1, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48})
    check(square(26, 3, out, 6, 2, 2));
}

TEST_F(Focus, PadsThatDiffer) {
  for (int i = 0; i < 40; ++i) {
    ConvProblem p = square(random_.integer(6, 40), 3, random_.integer(1, 34), 6, 2, 0);
    p.in_width = random_.integer(6, 140);
    p.pad_top = random_.integer(0, 12);
    p.pad_left = random_.integer(0, 12);
    check(sized(p, random_.integer(0, 12)));
  }
}

TEST_F(Focus, GapsAndActivations) {
  for (const ActivationKind kind :
       {ActivationKind::kNone, ActivationKind::kRelu, ActivationKind::kLeakyRelu,
        ActivationKind::kSilu, ActivationKind::kHardSwish, ActivationKind::kMish})
    for (const int64_t out : {12, 16, 32}) {
      ConvProblem p = square(44, 3, out, 6, 2, 2);
      p.activation.kind = kind;
      p.activation.alpha = 0.1f;
      check(p, {3, 2, 1}, {2, 5, 3});
    }
}

TEST_F(Focus, RefusesWithReasons) {
  EXPECT_STREQ(focus_refuse(square(32, 3, 16, 6, 1, 2)), "made for another stride");
  EXPECT_STREQ(focus_refuse(square(32, 4, 16, 6, 2, 2)), "not a 6x6 kernel on three channels");
  EXPECT_STREQ(focus_refuse(square(32, 3, 16, 5, 2, 2)), "not a 6x6 kernel on three channels");
  ConvProblem p = square(32, 3, 16, 6, 2, 2);
  EXPECT_EQ(focus_refuse(p), nullptr);
  p.residual = Residual::kBeforeActivation;
  EXPECT_STREQ(focus_refuse(p), "with a residual");
  p = square(32, 3, 16, 6, 2, 2);
  p.max_rounding = 2;
  EXPECT_STREQ(focus_refuse(p), "its sums round more than is allowed");
  p.max_rounding = 3;
  p.max_packed_bytes = 20000;
  EXPECT_STREQ(focus_refuse(p), "the packed weights would be too large");
}

}  // namespace
}  // namespace shrike::kernels
