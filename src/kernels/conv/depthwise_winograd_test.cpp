// Depthwise layers by F(2, 3): what the table's tests (conv_test.cpp) do not ask.
#include "kernels/conv/depthwise_winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

const ConvKernel* row() {
  for (const ConvKernel& kernel : conv_kernels())
    if (std::strcmp(kernel.name, "avx512_depthwise_winograd") == 0 && can_run(kernel.need))
      return &kernel;
  return nullptr;
}

ConvProblem depthwise(int64_t height, int64_t width, int64_t channels) {
  ConvProblem p = square(1, channels, channels, 3, 1, 1);
  p.groups = channels;
  p.in_height = height;
  p.in_width = width;
  return sized(p, 1);
}

class DepthwiseWinogradRow : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!row()) GTEST_SKIP() << "no AVX-512 here";
  }
  Random random_;
};

TEST_F(DepthwiseWinogradRow, SaysWhatItDoesNotTake) {
  const ConvProblem good = depthwise(8, 8, 32);
  EXPECT_EQ(row()->refuse(good), nullptr);
  const auto reason = [&](auto change) {
    ConvProblem p = good;
    change(p);
    const char* text = row()->refuse(p);
    return std::string(text ? text : "");
  };
  EXPECT_EQ(reason([](ConvProblem& p) { p.groups = 16; }),
            "not depthwise with one output for each input channel");
  EXPECT_EQ(reason([](ConvProblem& p) {
              p.stride_h = p.stride_w = 2;
              p = sized(p, 1);
            }),
            "not 3x3 with stride 1");
  EXPECT_EQ(reason([](ConvProblem& p) {
              p.pad_left = 2;
              p = sized(p, 1);
            }),
            "padded by more than one");
  EXPECT_EQ(reason([](ConvProblem& p) { p = sized(p, 2); }), "padded by more than one");
  EXPECT_EQ(reason([](ConvProblem& p) { p = depthwise(8, 8, 15); }),
            "too few channels for a vector");
  EXPECT_EQ(reason([](ConvProblem& p) { p.residual = Residual::kAfterActivation; }),
            "a residual is added");
  EXPECT_EQ(reason([](ConvProblem& p) { p.activation.kind = ActivationKind::kMish; }),
            "no form with this activation");
  EXPECT_EQ(reason([](ConvProblem& p) { p.max_rounding = 1; }),
            "its sums round more than is allowed");
  EXPECT_EQ(reason([](ConvProblem& p) { p.max_packed_bytes = 2 * 12 * 16 * 4; }),
            "the packed weights would be too large");
}

TEST_F(DepthwiseWinogradRow, ComputesTheFormula) {
  for (const int64_t channels : {16, 32, 39})
    for (const int64_t height : {1, 2, 3, 4, 5, 9})
      for (const int64_t width : {1, 2, 3, 4, 5, 6, 9})
        for (const int64_t pads : {0, 1, 2, 3, 4, 5, 6, 7}) {
          ConvProblem p = depthwise(height, width, channels);
          p.pad_top = pads & 1, p.pad_left = pads / 2 & 1;
          const int64_t end = pads / 4;
          if (height + p.pad_top + end < 3 || width + p.pad_left + end < 3) continue;
          p.activation.kind = random_.pick({ActivationKind::kNone, ActivationKind::kSilu});
          p = sized(p, end);
          ASSERT_EQ(row()->refuse(p), nullptr);
          ConvCase(p, random_, {3, 2, 1}, {2, 5, 3}).check(*row());
        }
}

// The bits of a row do not depend on which others are computed with it: as bands need it.
TEST_F(DepthwiseWinogradRow, SameBitsByAnyRows) {
  for (const auto& [width, channels] :
       {std::pair<int64_t, int64_t>{1, 32}, {2, 32}, {7, 32}, {10, 32}, {10, 41}}) {
    const ConvProblem whole = depthwise(11, width, channels);
    const ConvCase test(whole, random_);
    const std::vector<float> weights = random_.reals(whole.weight_count());
    const PackedConv packed = row()->pack(whole, weights.data(), nullptr);
    ThreadPool pool(1);
    const int64_t row_floats = width * whole.out_channels;
    std::vector<float> expected(static_cast<size_t>(whole.out_height * row_floats));
    row()->run(whole, packed,
               {test.input(), dense_map(expected.data(), whole.out_height, width, channels), {}},
               pool, {});
    for (int64_t first = 0; first < whole.out_height; ++first)
      for (int64_t last = first + 1; last <= whole.out_height; ++last) {
        ConvProblem part = whole;
        const int64_t top = std::max<int64_t>(0, first - 1);
        part.pad_top = first == 0 ? 1 : 0;
        part.in_height = std::min(whole.in_height, last + 1) - top;
        part.out_height = last - first;
        ConstMapView input = test.input();
        input.data = input.at(top, 0);
        input.height = part.in_height;
        std::vector<float> rows(static_cast<size_t>(part.out_height * row_floats));
        row()->run(part, packed,
                   {input, dense_map(rows.data(), part.out_height, width, channels), {}}, pool, {});
        EXPECT_EQ(std::memcmp(rows.data(), expected.data() + first * row_floats,
                              rows.size() * sizeof(float)),
                  0)
            << width << ": " << first << " to " << last;
      }
  }
}

}  // namespace
}  // namespace shrike::kernels
