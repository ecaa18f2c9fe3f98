#include "kernels/resize/resize.h"

#include <gtest/gtest.h>

#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

ResizeProblem scaled(int64_t height, int64_t width, int64_t channels, float scale_h,
                     float scale_w) {
  ResizeProblem p;
  p.channels = channels;
  p.in_height = height;
  p.in_width = width;
  p.out_height = static_cast<int64_t>(static_cast<float>(height) * scale_h);
  p.out_width = static_cast<int64_t>(static_cast<float>(width) * scale_w);
  p.scale_h = scale_h;
  p.scale_w = scale_w;
  return p;
}

std::vector<float> run_line(const ResizeProblem& p, const std::vector<float>& in,
                            const ResizeKernel& kernel) {
  std::vector<float> out(static_cast<size_t>(p.out_width));
  ThreadPool pool(1);
  kernel.run(p, dense_map(in.data(), 1, p.in_width, 1), dense_map(out.data(), 1, p.out_width, 1),
             pool);
  return out;
}

TEST(Resize, RepeatEqualsTheReference) {
  Random random;
  for (int64_t channels : {1, 3, 16, 19})
    for (float scale : {1.0f, 2.0f, 3.0f}) {
      ResizeProblem p = scaled(5, 7, channels, scale, scale + 1);
      ASSERT_EQ(resize_kernels().front().refuse(p), nullptr);
      TestMap in(5, 7, channels, 2, 3, 1);
      in.fill(random);
      ThreadPool pool(3);
      TestMap expected(p.out_height, p.out_width, channels, 1, 4, 1), out(expected);
      resize_kernels().back().run(p, in.view(), expected.view(), pool);
      resize_kernels().front().run(p, in.view(), out.view(), pool);
      EXPECT_TRUE(near(expected.values(), out.values(), 0));
      EXPECT_EQ(expected.view().at(p.out_height - 1, p.out_width - 1)[0], in.view().at(4, 6)[0]);
    }
}

TEST(Resize, RepeatTakesHalfPixelsToo) {
  ResizeProblem p = scaled(4, 4, 1, 2, 2);
  p.coordinate = ResizeCoordinate::kHalfPixel;
  p.rounding = NearestRounding::kRoundPreferFloor;
  EXPECT_EQ(resize_kernels().front().refuse(p), nullptr);
  p.rounding = NearestRounding::kFloor;
  p.coordinate = ResizeCoordinate::kAlignCorners;
  EXPECT_NE(resize_kernels().front().refuse(p), nullptr);
  p = scaled(4, 4, 1, 1.5f, 1.5f);
  EXPECT_NE(resize_kernels().front().refuse(p), nullptr);
  p = scaled(4, 4, 1, 2, 2);
  p.mode = ResizeMode::kLinear;
  EXPECT_NE(resize_kernels().front().refuse(p), nullptr);
}

// Values computed by hand from the formulas of ONNX's Resize.
TEST(Resize, NearestRoundings) {
  ResizeProblem p = scaled(1, 4, 1, 1, 0.5f);
  const std::vector<float> in{0, 1, 2, 3};
  const ResizeKernel& reference = resize_kernels().back();
  p.coordinate = ResizeCoordinate::kHalfPixel;  // coordinates 0.5 and 2.5
  p.rounding = NearestRounding::kRoundPreferFloor;
  EXPECT_EQ(run_line(p, in, reference), (std::vector<float>{0, 2}));
  p.rounding = NearestRounding::kRoundPreferCeil;
  EXPECT_EQ(run_line(p, in, reference), (std::vector<float>{1, 3}));
  p.rounding = NearestRounding::kFloor;
  EXPECT_EQ(run_line(p, in, reference), (std::vector<float>{0, 2}));
  p.rounding = NearestRounding::kCeil;
  EXPECT_EQ(run_line(p, in, reference), (std::vector<float>{1, 3}));
}

TEST(Resize, LinearByHand) {
  ResizeProblem p = scaled(1, 2, 1, 1, 2);
  p.mode = ResizeMode::kLinear;
  const std::vector<float> in{0, 4};
  const ResizeKernel& reference = resize_kernels().back();
  EXPECT_EQ(run_line(p, in, reference), (std::vector<float>{0, 2, 4, 4}));
  p.coordinate = ResizeCoordinate::kHalfPixel;
  EXPECT_EQ(run_line(p, in, reference), (std::vector<float>{0, 1, 3, 4}));
  p.coordinate = ResizeCoordinate::kAlignCorners;
  const std::vector<float> corners = run_line(p, in, reference);
  EXPECT_FLOAT_EQ(corners[1], 4.0f / 3);
  EXPECT_FLOAT_EQ(corners[3], 4);
}

TEST(Resize, OneRowOut) {
  ResizeProblem p = scaled(1, 3, 1, 1, 1.0f / 3);
  p.out_width = 1;
  p.mode = ResizeMode::kLinear;
  const std::vector<float> in{1, 2, 3};
  p.coordinate = ResizeCoordinate::kPytorchHalfPixel;
  EXPECT_EQ(run_line(p, in, resize_kernels().back()), (std::vector<float>{1}));
  p.coordinate = ResizeCoordinate::kHalfPixel;
  EXPECT_EQ(run_line(p, in, resize_kernels().back()), (std::vector<float>{2}));
}

}  // namespace
}  // namespace shrike::kernels
