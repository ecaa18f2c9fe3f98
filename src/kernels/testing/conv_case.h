// A convolution with inputs, for comparing kernels with the reference.
#pragma once

#include <sstream>

#include "kernels/conv/conv.h"
#include "kernels/testing/random.h"

namespace shrike::kernels::testing {

inline std::string describe(const ConvProblem& p) {
  std::ostringstream text;
  text << "in " << p.in_height << "x" << p.in_width << "x" << p.in_channels << " out "
       << p.out_height << "x" << p.out_width << "x" << p.out_channels << " kernel " << p.kernel_h
       << "x" << p.kernel_w << " stride " << p.stride_h << "," << p.stride_w << " pad " << p.pad_top
       << "," << p.pad_left << " dilation " << p.dilation_h << "," << p.dilation_w << " groups "
       << p.groups << " activation " << activation_info(p.activation.kind).name << " residual "
       << static_cast<int>(p.residual) << " half " << p.half;
  return text.str();
}

struct Gaps {
  int64_t pixel = 0, row = 0, shift = 0;
};

// A problem with its inputs; run() gives the whole output buffer of one kernel.
class ConvCase {
 public:
  ConvCase(const ConvProblem& problem, Random& random, Gaps in_gaps = {}, Gaps out_gaps = {})
      : problem_(problem),
        input_(problem.in_height, problem.in_width, problem.in_channels, in_gaps.pixel, in_gaps.row,
               in_gaps.shift),
        residual_(problem.out_height, problem.out_width, problem.out_channels, in_gaps.pixel,
                  in_gaps.row, out_gaps.shift),
        out_gaps_(out_gaps),
        weights_(random.reals(problem.weight_count())),
        bias_(random.reals(problem.out_channels)) {
    input_.fill(random);
    residual_.fill(random);
  }

  // Other inputs than those within 1 of 0.
  void fill_input(Random& random, float low, float high) { input_.fill(random, low, high); }
  const MapView& input() const { return input_.view(); }

  std::vector<float> run(const ConvKernel& kernel, int threads, bool with_bias = true,
                         std::span<const std::byte> next = {}) const {
    TestMap output(problem_.out_height, problem_.out_width, problem_.out_channels, out_gaps_.pixel,
                   out_gaps_.row, out_gaps_.shift);
    ThreadPool pool(threads);
    const PackedConv packed =
        kernel.pack(problem_, weights_.data(), with_bias ? bias_.data() : nullptr);
    EXPECT_EQ(packed.size, kernel.packed_bytes(problem_));
    AlignedScratch scratch(kernel.scratch_bytes(problem_, threads));
    kernel.run(problem_, packed, {input_.view(), output.view(), residual_.view(), next}, pool,
               scratch.span());
    return output.values();
  }

  // Every kernel that takes the problem gives the reference's numbers, and the same bits with
  // other numbers of threads. Returns how many took it.
  int check_all(float tolerance_factor = 1) const {
    SCOPED_TRACE(describe(problem_));
    const std::vector<float> expected = run(conv_kernels().back(), 1);
    int taken = 0;
    for (const ConvKernel& kernel : conv_kernels()) {
      if (cpu_lacks(kernel.need, cpu_features())) continue;
      if (kernel.refuse && kernel.refuse(problem_)) continue;
      SCOPED_TRACE(kernel.name);
      ++taken;
      check(kernel, expected, tolerance_factor);
    }
    return taken;
  }

  // The same for one kernel, whether it refuses the problem or not.
  void check(const ConvKernel& kernel, float tolerance_factor = 1) const {
    SCOPED_TRACE(describe(problem_));
    check(kernel, run(conv_kernels().back(), 1), tolerance_factor);
  }

 private:
  void check(const ConvKernel& kernel, const std::vector<float>& expected,
             float tolerance_factor) const {
    const float tolerance = tolerance_factor * static_cast<float>(kernel.rounding) *
                            sum_tolerance(problem_.taps() * problem_.group_in());
    for (int threads = 1; threads < 9; ++threads)
      EXPECT_LE(kernel.scratch_bytes(problem_, threads),
                kernel.scratch_bytes(problem_, threads + 1))
          << threads << " threads";
    const std::vector<float> one = run(kernel, 1);
    EXPECT_TRUE(near(expected, one, tolerance));
    for (int threads : {2, 3}) EXPECT_TRUE(near(one, run(kernel, threads), 0));
  }

  ConvProblem problem_;
  TestMap input_, residual_;
  Gaps out_gaps_;
  std::vector<float> weights_, bias_;
};

// Output sizes from the rest, with `pad_end` at the bottom and right.
inline ConvProblem sized(ConvProblem p, int64_t pad_end) {
  p.out_height =
      (p.in_height + p.pad_top + pad_end - (p.kernel_h - 1) * p.dilation_h - 1) / p.stride_h + 1;
  p.out_width =
      (p.in_width + p.pad_left + pad_end - (p.kernel_w - 1) * p.dilation_w - 1) / p.stride_w + 1;
  return p;
}

inline ConvProblem square(int64_t size, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                          int64_t pad) {
  ConvProblem p;
  p.in_height = p.in_width = size;
  p.in_channels = in;
  p.out_channels = out;
  p.kernel_h = p.kernel_w = kernel;
  p.stride_h = p.stride_w = stride;
  p.pad_top = p.pad_left = pad;
  return sized(p, pad);
}

}  // namespace shrike::kernels::testing
