#include "kernels/pool/pool.h"

#include <gtest/gtest.h>

#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

// The formula of pool.h, element by element, in double.
void expect_formula(const PoolProblem& p, const ConstMapView& in, const MapView& out) {
  for (int64_t y = 0; y < p.out_height; ++y)
    for (int64_t x = 0; x < p.out_width; ++x)
      for (int64_t c = 0; c < p.channels; ++c) {
        double sum = 0, largest = -1e300;
        int64_t inside = 0, padded = 0;
        for (int64_t i = 0; i < p.kernel_h; ++i)
          for (int64_t j = 0; j < p.kernel_w; ++j) {
            const int64_t v = y * p.stride_h - p.pad_top + i * p.dilation_h;
            const int64_t u = x * p.stride_w - p.pad_left + j * p.dilation_w;
            if (v < p.in_height + p.pad_bottom && u < p.in_width + p.pad_right) ++padded;
            if (v < 0 || v >= p.in_height || u < 0 || u >= p.in_width) continue;
            ++inside;
            sum += in.at(v, u)[c];
            largest = std::max(largest, static_cast<double>(in.at(v, u)[c]));
          }
        if (p.kind == PoolKind::kAverage)
          largest = sum / static_cast<double>(p.count_include_pad ? padded : inside);
        ASSERT_NEAR(out.at(y, x)[c], largest, 1e-5) << y << "," << x << "," << c;
      }
}

void check(const PoolProblem& p, Random& random, int64_t in_gap = 0, int64_t out_gap = 0) {
  TestMap input(p.in_height, p.in_width, p.channels, in_gap, in_gap * 2, in_gap);
  input.fill(random);
  TestMap expected(p.out_height, p.out_width, p.channels, out_gap, out_gap, 1);
  ThreadPool one(1), three(3);
  pool_kernels().back().run(p, input.view(), expected.view(), one);
  expect_formula(p, input.view(), expected.view());
  for (const PoolKernel& kernel : pool_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features()) || (kernel.refuse && kernel.refuse(p))) continue;
    for (ThreadPool* pool : {&one, &three}) {
      TestMap output(p.out_height, p.out_width, p.channels, out_gap, out_gap, 1);
      kernel.run(p, input.view(), output.view(), *pool);
      EXPECT_TRUE(near(expected.values(), output.values(), 1e-6f)) << kernel.name;
    }
  }
}

PoolProblem square(PoolKind kind, int64_t size, int64_t channels, int64_t kernel, int64_t stride,
                   int64_t pad, int64_t pad_end) {
  PoolProblem p;
  p.kind = kind;
  p.channels = channels;
  p.in_height = p.in_width = size;
  p.kernel_h = p.kernel_w = kernel;
  p.stride_h = p.stride_w = stride;
  p.pad_top = p.pad_left = pad;
  p.pad_bottom = p.pad_right = pad_end;
  p.out_height = p.out_width = (size + pad + pad_end - kernel) / stride + 1;
  return p;
}

TEST(Pool, ChannelsAroundVectorWidths) {
  Random random;
  for (PoolKind kind : {PoolKind::kMax, PoolKind::kAverage})
    for (int64_t channels : {1, 7, 8, 9, 31, 32, 33, 40, 47, 71})
      check(square(kind, 5, channels, 3, 2, 1, 1), random, 3, 2);
}

TEST(Pool, Halves) {
  Random random;
  for (int64_t channels : {1, 7, 8, 9, 15, 16, 17, 32, 33, 47})
    for (int64_t size : {2, 3, 8, 13})
      for (int64_t pad_end : {0, 1}) {
        check(square(PoolKind::kMax, size, channels, 2, 2, 0, pad_end), random, 3, 2);
        check(square(PoolKind::kMax, size, channels, 2, 2, 0, pad_end), random);
      }
}

TEST(Pool, SpatialPyramid) {
  Random random;
  for (int64_t kernel : {5, 9, 13})
    check(square(PoolKind::kMax, 10, 24, kernel, 1, kernel / 2, kernel / 2), random);
}

TEST(Pool, StrideOneOverOddSizes) {
  Random random;
  for (int64_t channels : {1, 8, 15, 16, 17, 39})
    for (int64_t kernel : {3, 4, 7})
      for (int64_t pad : {int64_t{0}, kernel / 2, kernel - 1})
        check(square(PoolKind::kMax, 7, channels, kernel, 1, pad, kernel / 3), random, 2, 3);
  PoolProblem p = square(PoolKind::kMax, 9, 20, 3, 1, 1, 1);
  p.stride_h = 2, p.out_height = 5;
  check(p, random, 1, 2);
  p = square(PoolKind::kMax, 2, 3, 5, 1, 2, 2);
  p.in_width = p.out_width = 508;  // the widest that keeps its columns
  check(p, random);
  p.in_width = p.out_width = 509;
  check(p, random);
}

TEST(Pool, DarknetStrideOneKeepsTheSize) {
  Random random;
  check(square(PoolKind::kMax, 13, 16, 2, 1, 0, 1), random);
}

TEST(Pool, Global) {
  Random random;
  for (int64_t channels : {3, 64, 130})
    for (PoolKind kind : {PoolKind::kMax, PoolKind::kAverage})
      check(square(kind, 7, channels, 7, 1, 0, 0), random, 1);
}

TEST(Pool, PaddingCounted) {
  Random random;
  PoolProblem p = square(PoolKind::kAverage, 6, 9, 3, 2, 1, 1);
  p.count_include_pad = true;
  check(p, random);
  // A last window that reaches past the padding (ceil mode) counts the padding only.
  p.out_height = p.out_width = 4;
  p.pad_bottom = p.pad_right = 0;
  p.pad_top = p.pad_left = 2;
  check(p, random);
}

TEST(Pool, Dilated) {
  Random random;
  PoolProblem p = square(PoolKind::kMax, 11, 10, 3, 1, 2, 2);
  p.dilation_h = 2;
  p.dilation_w = 3;
  p.out_height = 11;
  p.out_width = 9;
  check(p, random);
}

TEST(Pool, NanComesThrough) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> in(8, 1.0f), out(8);
  in[3] = nan;
  ThreadPool pool(1);
  const PoolProblem p = square(PoolKind::kAverage, 1, 8, 1, 1, 0, 0);
  for (const PoolKernel& kernel : pool_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features()) || (kernel.refuse && kernel.refuse(p))) continue;
    kernel.run(p, dense_map<const float>(in.data(), 1, 1, 8), dense_map(out.data(), 1, 1, 8), pool);
    EXPECT_TRUE(std::isnan(out[3])) << kernel.name;
    EXPECT_EQ(out[2], 1) << kernel.name;
  }
}

}  // namespace
}  // namespace shrike::kernels
