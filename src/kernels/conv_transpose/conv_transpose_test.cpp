#include "kernels/conv_transpose/conv_transpose.h"

#include <gtest/gtest.h>

#include <string_view>

#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

ConvTransposeProblem square(int64_t size, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                            int64_t pad, int64_t dilation = 1, int64_t groups = 1) {
  ConvTransposeProblem p;
  p.in_height = size;
  p.in_width = size + 2;
  p.in_channels = in;
  p.out_channels = out;
  p.kernel_h = p.kernel_w = kernel;
  p.stride_h = p.stride_w = stride;
  p.pad_top = p.pad_left = pad;
  p.dilation_h = p.dilation_w = dilation;
  p.groups = groups;
  const int64_t reach = (kernel - 1) * dilation + 1 - 2 * pad;
  p.out_height = (p.in_height - 1) * stride + reach;
  p.out_width = (p.in_width - 1) * stride + reach;
  return p;
}

// Each input pixel spread over the outputs it reaches: the formula turned around.
std::vector<double> spread(const ConvTransposeProblem& p, const ConstMapView& in,
                           const std::vector<float>& weights) {
  std::vector<double> sums(static_cast<size_t>(p.out_height * p.out_width * p.out_channels));
  for (int64_t v = 0; v < p.in_height; ++v)
    for (int64_t u = 0; u < p.in_width; ++u)
      for (int64_t c = 0; c < p.in_channels; ++c)
        for (int64_t o = 0; o < p.group_out(); ++o)
          for (int64_t i = 0; i < p.kernel_h; ++i)
            for (int64_t j = 0; j < p.kernel_w; ++j) {
              const int64_t y = v * p.stride_h - p.pad_top + i * p.dilation_h;
              const int64_t x = u * p.stride_w - p.pad_left + j * p.dilation_w;
              if (y < 0 || y >= p.out_height || x < 0 || x >= p.out_width) continue;
              const int64_t channel = c / p.group_in() * p.group_out() + o;
              sums[static_cast<size_t>((y * p.out_width + x) * p.out_channels + channel)] +=
                  static_cast<double>(in.at(v, u)[c]) *
                  weights[static_cast<size_t>(
                      ((c * p.group_out() + o) * p.kernel_h + i) * p.kernel_w + j)];
            }
  return sums;
}

void check(const ConvTransposeProblem& p, Random& random, int64_t gap = 0) {
  TestMap input(p.in_height, p.in_width, p.in_channels, gap, gap * 3, gap);
  input.fill(random);
  const std::vector<float> weights = random.reals(p.in_channels * p.group_out() * p.taps());
  const std::vector<float> bias = random.reals(p.out_channels);
  const std::vector<double> sums = spread(p, input.view(), weights);
  TestMap expected(p.out_height, p.out_width, p.out_channels, gap, gap, gap);
  size_t at = 0;
  expected.for_each([&](float& value) {
    const double s = sums[at] + bias[at % static_cast<size_t>(p.out_channels)];
    value = apply_reference(p.activation, static_cast<float>(s));
    ++at;
  });
  // Winograd's sums, which phases may be made of, round up to three times as much as others.
  const float tolerance = 3 * sum_tolerance(p.taps() * p.group_in());
  for (const ConvTransposeKernel& kernel : conv_transpose_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features()) || (kernel.refuse && kernel.refuse(p))) continue;
    SCOPED_TRACE(kernel.name);
    std::vector<float> one;
    for (int threads : {1, 3}) {
      ThreadPool pool(threads);
      TestMap output(p.out_height, p.out_width, p.out_channels, gap, gap, gap);
      AlignedScratch scratch(kernel.scratch_bytes(p, threads));
      kernel.run(p, kernel.pack(p, weights.data(), bias.data()), input.view(), output.view(), pool,
                 scratch.span());
      EXPECT_TRUE(near(expected.values(), output.values(), tolerance));
      if (threads == 1) one = output.values();
      EXPECT_TRUE(near(one, output.values(), 0));
    }
  }
}

TEST(ConvTranspose, DisjointWindows) {
  Random random;
  for (int64_t in : {1, 7, 16, 17})
    for (int64_t out : {1, 8, 15, 16, 33}) {
      ConvTransposeProblem p = square(5, in, out, 2, 2, 0);
      ASSERT_EQ(conv_transpose_kernels().front().refuse(p), nullptr);
      p.activation.kind = ActivationKind::kSilu;
      check(p, random, in % 3);
    }
  check(square(60, 3, 5, 3, 3, 0), random);
}

TEST(ConvTranspose, AnyOther) {
  Random random;
  check(square(5, 4, 6, 4, 2, 1), random, 1);
  check(square(4, 6, 9, 3, 2, 0, 2, 3), random);
  check(square(6, 3, 2, 3, 1, 1), random);
  check(square(4, 4, 4, 2, 3, 0, 1, 4), random);
  for (int64_t stride : {1, 2, 3})
    EXPECT_NE(conv_transpose_kernels().front().refuse(square(5, 4, 6, 4, stride, 1)), nullptr);
}

const ConvTransposeKernel& phases() {
  for (const ConvTransposeKernel& kernel : conv_transpose_kernels())
    if (std::string_view(kernel.name) == "phases") return kernel;
  return conv_transpose_kernels().back();
}

TEST(ConvTranspose, Upsampling) {
  Random random;
  for (int64_t kernel : {3, 4, 6})
    for (int64_t channels : {3, 16, 33}) {
      ConvTransposeProblem p = square(11, channels, channels + 1, kernel, 2, 1);
      p.out_height += p.out_width % 2;  // output padding
      p.activation = {ActivationKind::kLeakyRelu, 0.1f, 0};
      ASSERT_EQ(phases().refuse(p), nullptr);
      check(p, random, channels % 3);
      p.out_channels = p.groups = channels;
      check(p, random);
    }
}

// Strides beyond the kernel, dilations that leave phases without taps, paddings that leave inputs
// without outputs or outputs without inputs, groups of every kind.
TEST(ConvTranspose, RandomProblems) {
  Random random;
  for (int round = 0; round < 300; ++round) {
    ConvTransposeProblem p;
    p.groups = random.pick({1, 1, 2, 3, 7});
    p.in_channels = p.groups * random.integer(1, 9);
    p.out_channels = p.groups * random.integer(1, 9);
    p.in_height = random.integer(1, 7), p.in_width = random.integer(1, 20);
    p.kernel_h = random.integer(1, 5), p.kernel_w = random.integer(1, 5);
    p.stride_h = random.integer(1, 4), p.stride_w = random.integer(1, 4);
    p.dilation_h = random.integer(1, 4), p.dilation_w = random.integer(1, 4);
    p.pad_top = random.integer(0, 6), p.pad_left = random.integer(0, 6);
    p.out_height = random.integer(1, p.in_height * p.stride_h + 12);
    p.out_width = random.integer(1, p.in_width * p.stride_w + 12);
    p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
    ASSERT_EQ(phases().refuse(p), nullptr);
    check(p, random, random.integer(0, 2));
    ASSERT_FALSE(HasFailure()) << "round " << round << "; SHRIKE_SEED=" << test_seed();
  }
}

TEST(ConvTranspose, TooManyPhases) {
  EXPECT_NE(phases().refuse(square(2, 1, 1, 2, 40, 0)), nullptr);
  EXPECT_EQ(phases().refuse(square(2, 1, 1, 2, 32, 0)), nullptr);
}

}  // namespace
}  // namespace shrike::kernels
