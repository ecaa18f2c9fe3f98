// An integer convolution with inputs, for comparing kernels with the reference bit by bit.
#pragma once

#include <cstring>
#include <optional>
#include <sstream>

#include "kernels/qconv/qconv.h"
#include "kernels/testing/conv_case.h"

namespace shrike::kernels::testing {

inline std::string describe(const QConvProblem& p) {
  std::ostringstream text;
  text << describe(static_cast<const ConvProblem&>(p)) << " zeros " << p.in_zero << ","
       << p.out_zero << "," << p.residual_zero << " scales " << p.in_scale << "," << p.out_scale
       << "," << p.residual_scale << (p.output == QOutput::kFloats ? " floats" : " bytes")
       << "; SHRIKE_SEED=" << test_seed();
  return text.str();
}

// Small shapes that are higher or wider, dilated, and padded more on one side; every other
// depthwise.
inline std::vector<ConvProblem> crooked_shapes(Random& random, int count) {
  std::vector<ConvProblem> shapes;
  while (static_cast<int>(shapes.size()) < count) {
    ConvProblem p;
    p.in_height = random.integer(1, 5), p.in_width = random.integer(1, 7);
    p.kernel_h = random.integer(1, 3), p.kernel_w = random.integer(1, 3);
    p.stride_h = random.integer(1, 2), p.stride_w = random.integer(1, 2);
    p.dilation_h = random.integer(1, 2), p.dilation_w = random.integer(1, 2);
    p.pad_top = random.integer(0, 2), p.pad_left = random.integer(0, 2);
    p.in_channels = random.integer(1, 20);
    const bool depthwise = shapes.size() % 2 == 1;
    p.out_channels = depthwise ? p.in_channels : random.integer(1, 20);
    p.groups = depthwise ? p.in_channels : 1;
    const int64_t pad_end = random.integer(0, 2);
    if (p.in_height + p.pad_top + pad_end <= (p.kernel_h - 1) * p.dilation_h) continue;
    if (p.in_width + p.pad_left + pad_end <= (p.kernel_w - 1) * p.dilation_w) continue;
    shapes.push_back(sized(p, pad_end));
  }
  return shapes;
}

// As TestMap, of any element: gaps, an odd address, and an end where the last element ends.
template <typename T>
class GappedMap {
 public:
  GappedMap(int64_t height, int64_t width, int64_t channels, Gaps gaps) {
    const int64_t pixel = channels + gaps.pixel, row = width * pixel + gaps.row;
    const int64_t size =
        height * width == 0 ? 0 : (height - 1) * row + (width - 1) * pixel + channels;
    values_.assign(static_cast<size_t>(gaps.shift + size), T{77});
    view_ = {values_.data() + gaps.shift, height, width, channels, pixel, row};
  }
  GappedMap(const GappedMap& other) : values_(other.values_), view_(other.view_) {
    view_.data = values_.data() + (other.view_.data - other.values_.data());
  }

  const BasicMapView<T>& view() const { return view_; }
  void fill(Random& random) {
    using Limits = std::numeric_limits<T>;
    for_each([&](T& value) {
      value = static_cast<T>(random.pick<int64_t>(
          {Limits::min(), Limits::max(), random.integer(Limits::min(), Limits::max())}));
    });
  }
  void fill(T all) {
    for_each([&](T& value) { value = all; });
  }
  const std::vector<T>& values() const { return values_; }

 private:
  template <typename Function>
  void for_each(const Function& function) {
    for (int64_t y = 0; y < view_.height; ++y)
      for (int64_t x = 0; x < view_.width; ++x)
        for (int64_t c = 0; c < view_.channels; ++c) function(view_.at(y, x)[c]);
  }

  std::vector<T> values_;
  BasicMapView<T> view_;
};

// Scales with which sums spread over the outputs' range and a little beyond it.
inline QConvProblem quantised(const ConvProblem& shape, Random& random) {
  QConvProblem p;
  static_cast<ConvProblem&>(p) = shape;
  p.in_scale = random.real(0.01f, 0.05f);
  p.in_zero = static_cast<int>(random.pick<int64_t>({0, 255, random.integer(0, 255)}));
  p.out_scale = random.real(0.004f, 0.06f);
  p.out_zero = static_cast<int>(random.pick<int64_t>({0, 255, random.integer(0, 255)}));
  p.residual_scale = random.real(0.004f, 0.06f);
  p.residual_zero = static_cast<int>(random.integer(0, 255));
  return p;
}

// The bytes and the floats that one kernel wrote; of one kind there are none.
struct QConvOutput {
  std::vector<uint8_t> bytes;
  std::vector<float> floats;

  bool operator==(const QConvOutput&) const = default;
};

class QConvCase {
 public:
  QConvCase(const QConvProblem& problem, Random& random, Gaps in_gaps = {}, Gaps out_gaps = {})
      : problem_(problem),
        input_(problem.in_height, problem.in_width, problem.in_channels, in_gaps),
        residual_(problem.out_height, problem.out_width, problem.out_channels, in_gaps),
        out_gaps_(out_gaps) {
    input_.fill(random);
    residual_.fill(random);
    const float depth = static_cast<float>(problem.group_in() * problem.taps());
    const float spread = 4 / (problem.in_scale * 70 * 70 * std::sqrt(depth));
    for (int64_t o = 0; o < problem.out_channels; ++o) {
      scales_.push_back(spread * random.real(0.3f, 1.5f));
      bias_.push_back(static_cast<int32_t>(random.integer(-9000, 9000)));
    }
    for (int64_t i = 0; i < problem.weight_count(); ++i)
      weights_.push_back(static_cast<int8_t>(random.integer(-128, 127)));
  }

  QConvOutput run(const QConvKernel& kernel, int threads, bool with_bias = true) const {
    const bool bytes = problem_.output == QOutput::kBytes;
    const int64_t height = problem_.out_height;
    GappedMap<uint8_t> output(bytes ? height : 0, problem_.out_width, problem_.out_channels,
                              out_gaps_);
    GappedMap<float> floats(bytes ? 0 : height, problem_.out_width, problem_.out_channels,
                            out_gaps_);
    ThreadPool pool(threads);
    const PackedConv packed = kernel.pack(
        problem_, {weights_.data(), scales_.data(), with_bias ? bias_.data() : nullptr});
    AlignedScratch scratch(kernel.scratch_bytes(problem_, threads));
    kernel.run(problem_, packed, {input_.view(), output.view(), floats.view(), residual_.view()},
               pool, scratch.span());
    return {output.values(), floats.values()};
  }

  // Every kernel that takes the problem gives the reference's bits, with any number of threads.
  // Returns how many took it.
  int check_all() const { return check(false); }

  // The same, with the kernels that decline because another is faster.
  int check_also_slower() const { return check(true); }

  // The same of one row, which the processor must be able to run, with one thread and with another
  // number; whether it took the problem.
  bool check_row(const QConvKernel& kernel, bool slower, int threads = 3) const {
    SCOPED_TRACE(describe(problem_));
    const char* reason = kernel.refuse ? kernel.refuse(problem_) : nullptr;
    if (reason && !(slower && std::strstr(reason, "faster"))) return false;
    if (!expected_) expected_ = run(qconv_kernels().back(), 1);
    for (int count = 1; count < 9; ++count)
      EXPECT_LE(kernel.scratch_bytes(problem_, count), kernel.scratch_bytes(problem_, count + 1))
          << kernel.name << ", " << count << " threads";
    EXPECT_TRUE(run(kernel, 1) == *expected_) << kernel.name;
    if (threads == 1) return true;
    EXPECT_TRUE(run(kernel, threads) == *expected_) << kernel.name << ", " << threads << " threads";
    return true;
  }

  // All sums so much smaller, as the functions behind them see them.
  QConvCase& shrink(float by) {
    for (float& scale : scales_) scale *= by;
    expected_.reset();
    return *this;
  }

  // All inputs and all weights of one value.
  QConvCase& fill(uint8_t input, int8_t weight) {
    input_.fill(input);
    std::fill(weights_.begin(), weights_.end(), weight);
    expected_.reset();
    return *this;
  }

 private:
  int check(bool slower) const {
    SCOPED_TRACE(describe(problem_));
    EXPECT_EQ(qconv_unsupported(problem_), nullptr);
    int taken = 0;
    for (const QConvKernel& kernel : qconv_kernels())
      if (!cpu_lacks(kernel.need, cpu_features())) taken += check_row(kernel, slower);
    return taken;
  }

  QConvProblem problem_;
  GappedMap<uint8_t> input_, residual_;
  Gaps out_gaps_;
  std::vector<int8_t> weights_;
  std::vector<float> scales_;
  std::vector<int32_t> bias_;
  mutable std::optional<QConvOutput> expected_;  // the reference's, when it was asked for
};

}  // namespace shrike::kernels::testing
