// Every row of the 16-bit convolution's table against the reference, bit by bit, and its rule
// against real arithmetic.
#include "kernels/qconv/word_conv.h"

#include <gtest/gtest.h>

#include "kernels/qconv/word_rule.h"
#include "kernels/testing/qconv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

struct WordOutput {
  std::vector<int16_t> words;
  std::vector<float> floats;

  bool operator==(const WordOutput&) const = default;
};

class WordConvCase {
 public:
  // Weights up to `largest`, inputs up to the ends of their range.
  WordConvCase(const WordConvProblem& problem, Random& random, int largest, Gaps in_gaps = {},
               Gaps out_gaps = {})
      : problem_(problem),
        input_(problem.in_height, problem.in_width, problem.in_channels, in_gaps),
        residual_(problem.out_height, problem.out_width, problem.out_channels, in_gaps),
        out_gaps_(out_gaps) {
    input_.fill(random);
    residual_.fill(random);
    const float depth = static_cast<float>(problem.group_in() * problem.taps());
    for (int64_t o = 0; o < problem.out_channels; ++o) {
      scales_.push_back(random.real(0.3f, 1.5f) /
                        (problem.in_scale * 1e4f * static_cast<float>(largest) * std::sqrt(depth)));
      bias_.push_back(random.integer(-100000000000, 100000000000));
    }
    for (int64_t i = 0; i < problem.weight_count(); ++i)
      weights_.push_back(static_cast<int16_t>(
          random.pick<int64_t>({-largest, largest, random.integer(-largest, largest)})));
  }

  WordOutput run(const WordConvKernel& kernel, int threads) const {
    const int64_t height = problem_.out_height;
    GappedMap<int16_t> output(problem_.floats ? 0 : height, problem_.out_width,
                              problem_.out_channels, out_gaps_);
    GappedMap<float> floats(problem_.floats ? height : 0, problem_.out_width, problem_.out_channels,
                            out_gaps_);
    ThreadPool pool(threads);
    const PackedConv packed =
        kernel.pack(problem_, {weights_.data(), scales_.data(), bias_.data()});
    AlignedScratch scratch(kernel.scratch_bytes(problem_, threads));
    kernel.run(problem_, packed, {input_.view(), output.view(), floats.view(), residual_.view()},
               pool, scratch.span());
    return {output.values(), floats.values()};
  }

  void check_all() const {
    SCOPED_TRACE(describe(static_cast<const ConvProblem&>(problem_)) +
                 "; SHRIKE_SEED=" + std::to_string(test_seed()));
    EXPECT_EQ(word_conv_unsupported(problem_), nullptr);
    const WordOutput expected = run(word_conv_kernels().back(), 1);
    for (const WordConvKernel& kernel : word_conv_kernels()) {
      if (cpu_lacks(kernel.need, cpu_features())) continue;
      EXPECT_TRUE(run(kernel, 1) == expected) << kernel.name;
      EXPECT_TRUE(run(kernel, 3) == expected) << kernel.name << ", 3 threads";
    }
  }

 private:
  WordConvProblem problem_;
  GappedMap<int16_t> input_, residual_;
  Gaps out_gaps_;
  std::vector<int16_t> weights_;
  std::vector<float> scales_;
  std::vector<int64_t> bias_;
};

WordConvProblem in_words(const ConvProblem& shape, Random& random) {
  WordConvProblem p;
  static_cast<ConvProblem&>(p) = shape;
  p.in_scale = random.real(1e-4f, 1e-3f);
  p.out_scale = random.real(2e-5f, 2e-4f);
  p.residual_scale = random.real(2e-5f, 2e-4f);
  return p;
}

// Whatever the largest weight is, and so the length of what is summed in 32 bits.
TEST(WordConv, WeightsOfAnySize) {
  Random random;
  for (int largest : {1, 127, 128, 2047, 4096, 32767})
    for (int64_t in : {1, 3, 16, 37, 600})
      for (int64_t kernel : {1, 3}) {
        WordConvProblem p = in_words(square(5, in, 35, kernel, 1, kernel / 2), random);
        p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
        WordConvCase(p, random, largest).check_all();
      }
}

TEST(WordConv, EveryActivationWithResidualAndAsFloats) {
  Random random;
  for (ActivationKind kind :
       {ActivationKind::kNone, ActivationKind::kRelu, ActivationKind::kLeakyRelu,
        ActivationKind::kClip, ActivationKind::kSigmoid, ActivationKind::kSilu,
        ActivationKind::kTanh, ActivationKind::kMish, ActivationKind::kHardSigmoid,
        ActivationKind::kHardSwish, ActivationKind::kGelu}) {
    WordConvProblem p = in_words(square(7, 12, 37, 3, 2, 1), random);
    p.activation = {kind, kind == ActivationKind::kClip ? -0.4f : 0.2f, 0.9f};
    WordConvCase(p, random, 127, {3, 2, 1}, {2, 5, 3}).check_all();
    p.floats = true;
    WordConvCase(p, random, 127, {3, 2, 1}, {2, 5, 3}).check_all();
    p.floats = false;
    p.residual = Residual::kAfterActivation;
    WordConvCase(p, random, 127, {3, 2, 1}, {2, 5, 3}).check_all();
  }
}

TEST(WordConv, RandomProblems) {
  Random random;
  for (int i = 0; i < 200; ++i) {
    ConvProblem shape;
    shape.in_height = random.integer(1, 12);
    shape.in_width = random.integer(1, 17);
    shape.kernel_h = random.integer(1, 4);
    shape.kernel_w = random.integer(1, 5);
    shape.stride_h = random.integer(1, 3);
    shape.stride_w = random.integer(1, 3);
    shape.dilation_h = random.integer(1, 2);
    shape.dilation_w = random.integer(1, 3);
    shape.pad_top = random.integer(0, 3);
    shape.pad_left = random.integer(0, 4);
    shape.groups = random.pick<int64_t>({1, 1, 2, 8});
    shape.in_channels = shape.groups * random.integer(1, 40 / shape.groups);
    shape.out_channels = shape.groups * random.integer(1, 70 / shape.groups);
    const int64_t pad_end = random.integer(0, 4);
    shape = sized(shape, pad_end);
    if (shape.in_height + shape.pad_top + pad_end <= (shape.kernel_h - 1) * shape.dilation_h)
      continue;
    if (shape.in_width + shape.pad_left + pad_end <= (shape.kernel_w - 1) * shape.dilation_w)
      continue;
    const Gaps in{random.integer(0, 1) * random.integer(1, 9), random.integer(0, 5),
                  random.integer(0, 7)};
    const Gaps out{random.integer(0, 9), random.integer(0, 5), random.integer(0, 7)};
    WordConvCase(in_words(shape, random), random, random.pick({127, 2047, 32767}), in, out)
        .check_all();
    if (HasFailure()) break;
  }
}

TEST(WordConv, ReferenceComputesTheFormula) {
  // As in qconv_test.cpp: every output counts its window's pixels inside the map.
  WordConvProblem p;
  static_cast<ConvProblem&>(p) = square(3, 1, 1, 3, 1, 1);
  p.in_scale = 0.5f;
  p.out_scale = 0.25f;
  const std::vector<int16_t> input(9, -1000), weights(9, 300);
  const float scale = 1;
  const int64_t bias = 4;
  std::vector<int16_t> out(9);
  ThreadPool pool(1);
  const WordConvKernel& reference = word_conv_kernels().back();
  p.out_scale = 100;
  reference.run(p, reference.pack(p, {weights.data(), &scale, &bias}),
                {dense_map(input.data(), 3, 3, 1), dense_map(out.data(), 3, 3, 1), {}, {}}, pool,
                {});
  EXPECT_EQ(out,
            (std::vector<int16_t>{-6000, -9000, -6000, -9000, -13500, -9000, -6000, -9000, -6000}));
}

// Within half a step, and a little, of SiLU in real arithmetic.
TEST(WordConv, CurvesAreExactToTheirWord) {
  for (float range : {1.0f, 6.0f, 40.0f}) {
    WordConvProblem p;
    p.activation.kind = ActivationKind::kSilu;
    p.out_scale = range / 32767;
    const WordRule rule = make_word_rule(p);
    const float unit = p.out_scale / 16;
    double most = 0;
    for (double acc = -16 * 40000 * 8; acc < 16 * 32767; acc += 7) {
      const double x = acc * static_cast<double>(unit);
      int16_t out;
      finish_words(rule, &acc, &unit, nullptr, 1, &out);
      most = std::max(most,
                      std::fabs(out - x / (1 + std::exp(-x)) / static_cast<double>(p.out_scale)));
    }
    EXPECT_LE(most, 0.6) << range;
    RecordProperty("error_" + std::to_string(static_cast<int>(range)), std::to_string(most));
  }
}

}  // namespace
}  // namespace shrike::kernels
