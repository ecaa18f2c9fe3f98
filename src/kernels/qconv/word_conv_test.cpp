// Every row of the 16-bit convolution's table against the reference, bit by bit, and its rule
// against real arithmetic.
#include "kernels/qconv/word_conv.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "kernels/qconv/word_rule.h"
#include "kernels/testing/avx_vnni.h"
#include "kernels/testing/qconv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

struct WordOutput {
  std::vector<int16_t> words;
  std::vector<float> floats;

  bool operator==(const WordOutput&) const = default;
};

// How the weights of a case are spread.
enum class Spread { kEnds, kBell };

class WordConvCase {
 public:
  // Weights up to `largest`, inputs up to the ends of their range.
  WordConvCase(const WordConvProblem& problem, Random& random, int largest, Gaps in_gaps = {},
               Gaps out_gaps = {}, Spread spread = Spread::kEnds)
      : problem_(problem),
        input_(problem.in_height, problem.in_width, problem.in_channels, in_gaps),
        bytes_(problem.in_height, problem.in_width, problem.in_channels, in_gaps),
        residual_(problem.out_height, problem.out_width, problem.out_channels, in_gaps),
        out_gaps_(out_gaps) {
    input_.fill(random);
    bytes_.fill(random);
    residual_.fill(random);
    const float depth = static_cast<float>(problem.group_in() * problem.taps());
    const float input = problem.bytes_in ? 80 : 1e4f;
    for (int64_t o = 0; o < problem.out_channels; ++o) {
      scales_.push_back(random.real(0.3f, 1.5f) / (problem.in_scale * input *
                                                   static_cast<float>(largest) * std::sqrt(depth)));
      bias_.push_back(random.pick<int64_t>(
          {random.integer(-9000, 9000), random.integer(-100000000000, 100000000000)}));
    }
    for (int64_t i = 0; i < problem.weight_count(); ++i) {
      const int64_t any = random.integer(-largest, largest);
      const int64_t bell = any * random.integer(0, 9) / 9 * random.integer(0, 9) / 9;
      weights_.push_back(static_cast<int16_t>(
          spread == Spread::kBell ? bell : random.pick<int64_t>({-largest, largest, any})));
    }
    if (largest <= 127) small_weights_.assign(weights_.begin(), weights_.end());
  }

  WordOutput run(const WordConvKernel& kernel, int threads) const {
    const int64_t height = problem_.out_height;
    GappedMap<int16_t> output(problem_.floats ? 0 : height, problem_.out_width,
                              problem_.out_channels, out_gaps_);
    GappedMap<float> floats(problem_.floats ? height : 0, problem_.out_width, problem_.out_channels,
                            out_gaps_);
    ThreadPool pool(threads);
    const PackedConv packed = kernel.pack(problem_, weights());
    AlignedScratch scratch(kernel.scratch_bytes(problem_, threads));
    kernel.run(problem_, packed,
               {input_.view(), bytes_.view(), output.view(), floats.view(), residual_.view()}, pool,
               scratch.span());
    return {output.values(), floats.values()};
  }

  // Returns how many rows took the problem.
  int check_all() const {
    SCOPED_TRACE(trace());
    EXPECT_EQ(word_conv_unsupported(problem_), nullptr);
    EXPECT_EQ(word_weights_unsupported(problem_, weights()), nullptr);
    int taken = 0;
    for (const WordConvKernel& kernel : word_conv_kernels())
      if (!cpu_lacks(kernel.need, cpu_features())) taken += check_row(kernel);
    return taken;
  }

  // The same of one row, which the processor must be able to run, with one thread and with another
  // number; whether it took the problem.
  bool check_row(const WordConvKernel& kernel, int threads = 3) const {
    SCOPED_TRACE(trace());
    if (kernel.refuse && kernel.refuse(problem_)) return false;
    if (!expected_) expected_ = run(word_conv_kernels().back(), 1);
    EXPECT_TRUE(run(kernel, 1) == *expected_) << kernel.name;
    if (threads == 1) return true;
    EXPECT_TRUE(run(kernel, threads) == *expected_) << kernel.name << ", " << threads << " threads";
    return true;
  }

 private:
  std::string trace() const {
    return describe(static_cast<const ConvProblem&>(problem_)) + " zeros " +
           std::to_string(problem_.in_zero) + "," + std::to_string(problem_.out_zero) +
           (problem_.bytes_in ? " of bytes" : "") + (problem_.floats ? " to floats" : "") +
           "; SHRIKE_SEED=" + std::to_string(test_seed());
  }
  WordConvWeights weights() const {
    return {weights_.data(), small_weights_.empty() ? nullptr : small_weights_.data(),
            scales_.data(), bias_.data()};
  }

  WordConvProblem problem_;
  GappedMap<int16_t> input_;
  GappedMap<uint8_t> bytes_;
  GappedMap<int16_t> residual_;
  Gaps out_gaps_;
  std::vector<int16_t> weights_;
  std::vector<int8_t> small_weights_;
  std::vector<float> scales_;
  std::vector<int64_t> bias_;
  mutable std::optional<WordOutput> expected_;  // the reference's, when it was asked for
};

WordConvProblem in_words(const ConvProblem& shape, Random& random) {
  WordConvProblem p;
  static_cast<ConvProblem&>(p) = shape;
  p.bytes_in = random.integer(0, 3) == 0;
  const auto zero = [&] {
    return static_cast<int>(random.pick<int64_t>({0, 0, random.integer(-32768, 32767)}));
  };
  p.in_scale = random.real(1e-4f, 1e-3f);
  p.in_zero = p.bytes_in ? static_cast<int>(random.integer(0, 255)) : zero();
  p.out_scale = random.real(2e-5f, 2e-4f);
  p.out_zero = zero();
  p.residual_scale = random.real(2e-5f, 2e-4f);
  p.residual_zero = zero();
  return p;
}

// Whatever the largest weight is, and so the length of what is summed in 32 bits.
TEST(WordConv, WeightsOfAnySize) {
  Random random;
  for (int largest : {1, 127, 128, 2047, 4096, 32767})
    for (Spread spread : {Spread::kEnds, Spread::kBell})
      for (int64_t in : {1, 3, 16, 37, 600})
        for (int64_t kernel : {1, 3}) {
          WordConvProblem p = in_words(square(5, in, 35, kernel, 1, kernel / 2), random);
          p.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
          WordConvCase(p, random, largest, {}, {}, spread).check_all();
        }
}

TEST(WordConv, EveryActivationWithResidualAndAsFloats) {
  Random random;
  for (ActivationKind kind :
       {ActivationKind::kNone, ActivationKind::kRelu, ActivationKind::kLeakyRelu,
        ActivationKind::kClip, ActivationKind::kSigmoid, ActivationKind::kSilu,
        ActivationKind::kTanh, ActivationKind::kMish, ActivationKind::kHardSigmoid,
        ActivationKind::kHardSwish, ActivationKind::kSteepLeakyRelu}) {
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

// Where every vector's pattern of channels differs, and with more taps than stay in 32 bits.
TEST(WordConv, Depthwise) {
  Random random;
  for (int64_t channels : {1, 3, 8, 16, 20, 24, 40, 72})
    for (int64_t kernel : {1, 3, 5})
      for (int64_t stride : {1, 2})
        for (int largest : {127, 2047, 32767}) {
          ConvProblem shape = square(9, channels, channels, kernel, stride, kernel / 2);
          shape.groups = channels;
          shape.activation.kind =
              random.pick({ActivationKind::kNone, ActivationKind::kSilu, ActivationKind::kRelu});
          WordConvProblem p = in_words(shape, random);
          p.floats = random.integer(0, 3) == 0;
          if (!p.floats && random.integer(0, 1)) p.residual = Residual::kAfterActivation;
          const Gaps in{random.integer(0, 1) * random.integer(1, 9), random.integer(0, 5), 1};
          const Gaps out{random.integer(0, 1) * random.integer(1, 9), random.integer(0, 5), 3};
          const WordConvCase test(p, random, largest, in, out);
          EXPECT_GE(test.check_all(), 3);
          for (const WordConvKernel& row : word_conv_kernels())
            if (std::string_view(row.name).ends_with("word_depthwise") &&
                !cpu_lacks(row.need, cpu_features())) {
              EXPECT_TRUE(test.check_row(row, 1)) << row.name;
            }
        }
}

#if SHRIKE_KERNELS_AVX2
// For the rows of AVX-VNNI, on processors that lack it. An instruction takes tens of microseconds.
std::vector<ConvProblem> shapes_for_avx_vnni(Random& random) {
  std::vector<ConvProblem> shapes = {square(11, 3, 16, 6, 2, 2), square(1, 1, 1, 1, 1, 0),
                                     square(1, 300, 9, 1, 1, 0)};
  for (int64_t in : {1, 3, 16, 37})
    for (int64_t kernel : {1, 3})
      for (int64_t stride : {1, 2})
        shapes.push_back(
            square(4, in, random.pick<int64_t>({1, 8, 16, 17, 35}), kernel, stride, kernel / 2));
  for (int64_t channels : {1, 8, 9, 24, 72})
    for (int64_t stride : {1, 2}) {
      const int64_t kernel = random.pick<int64_t>({1, 3, 5});
      shapes.push_back(square(5, channels, channels, kernel, stride, kernel / 2));
      shapes.back().groups = channels;
    }
  const std::vector<ConvProblem> crooked = crooked_shapes(random, 24);
  shapes.insert(shapes.end(), crooked.begin(), crooked.end());
  return shapes;
}

TEST(WordConv, AvxVnniByEmulation) {
  if (!cpu_features().avx2_fma) GTEST_SKIP() << "no AVX2";
  if (detect_cpu_features().avx_vnni) GTEST_SKIP() << "AVX-VNNI is there: as any other row's";
  const int64_t before = emulate_avx_vnni();
  Random random;
  std::map<std::string, int> taken;
  for (ConvProblem shape : shapes_for_avx_vnni(random))
    for (int largest : {127, random.pick({2047, 32767})}) {
      shape.activation.kind = random.pick({ActivationKind::kNone, ActivationKind::kSilu});
      WordConvProblem p = in_words(shape, random);
      p.floats = random.integer(0, 2) == 0;
      if (!p.floats && random.integer(0, 1)) p.residual = Residual::kAfterActivation;
      const WordConvCase test(p, random, largest, {3, 2, 1}, {2, 5, 3});
      for (const WordConvKernel& kernel : word_conv_kernels())
        if (kernel.need == CpuNeed::kAvxVnni) taken[kernel.name] += test.check_row(kernel, 1);
    }
  EXPECT_GE(taken["avxvnni_words"], 36);
  EXPECT_GE(taken["avxvnni_word_depthwise"], 20);
  EXPECT_EQ(taken.size(), 2u);
  EXPECT_GT(emulate_avx_vnni(), before);
}
#endif

TEST(WordConv, WeightsThatAreRefused) {
  Random random;
  const WordConvProblem p = in_words(square(3, 40, 2, 1, 1, 0), random);
  const std::vector<float> scales(2, 1);
  std::vector<int64_t> bias(2, int64_t{1} << 40);
  std::vector<int16_t> weights(80, 32767);
  EXPECT_EQ(word_weights_unsupported(p, {weights.data(), nullptr, scales.data(), bias.data()}),
            nullptr);
  bias[1] = -(int64_t{1} << 46);
  EXPECT_NE(word_weights_unsupported(p, {weights.data(), nullptr, scales.data(), bias.data()}),
            nullptr);
  weights[7] = -32768;
  EXPECT_STREQ(word_weights_unsupported(p, {weights.data(), nullptr, scales.data(), nullptr}),
               "a weight is -32768");
}

TEST(WordConv, ReferenceComputesTheFormula) {
  // As in qconv_test.cpp: every output counts its window's pixels inside the map.
  WordConvProblem p;
  static_cast<ConvProblem&>(p) = square(3, 1, 1, 3, 1, 1);
  p.in_scale = 0.5f;
  p.in_zero = 200;
  p.out_scale = 100;
  p.out_zero = 7;
  const std::vector<int16_t> input(9, -800), weights(9, 300);
  const float scale = 1;
  const int64_t bias = 4;
  std::vector<int16_t> out(9);
  ThreadPool pool(1);
  const WordConvKernel& reference = word_conv_kernels().back();
  reference.run(p, reference.pack(p, {weights.data(), nullptr, &scale, &bias}),
                {dense_map(input.data(), 3, 3, 1), {}, dense_map(out.data(), 3, 3, 1), {}, {}},
                pool, {});
  EXPECT_EQ(out,
            (std::vector<int16_t>{-5993, -8993, -5993, -8993, -13493, -8993, -5993, -8993, -5993}));
}

// Within half a step, and a little, of real arithmetic.
TEST(WordConv, CurvesAreExactToTheirWord) {
  const std::pair<ActivationKind, double (*)(double)> kCurves[] = {
      {ActivationKind::kSilu, [](double x) { return x / (1 + std::exp(-x)); }},
      {ActivationKind::kMish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }},
      {ActivationKind::kSigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
      {ActivationKind::kTanh, [](double x) { return std::tanh(x); }},
  };
  for (const auto& [kind, function] : kCurves)
    for (float range : {1.0f, 6.0f, 40.0f}) {
      WordConvProblem p;
      p.activation.kind = kind;
      p.out_scale = range / 32767;
      const WordRule rule = make_word_rule(p);
      double most = 0;
      for (double x = -8 * range; x < range; x += p.out_scale / 2.3) {
        const float value = static_cast<float>(x);
        int16_t out;
        auto* output = reinterpret_cast<std::byte*>(&out);
        finish_words({&rule, &value, 1, 1, 1, &output, nullptr, 0});
        const double exact = std::min(
            32767.0, function(static_cast<double>(value)) / static_cast<double>(p.out_scale));
        most = std::max(most, std::fabs(out - exact));
      }
      EXPECT_LE(most, 0.53) << activation_info(kind).name << " to " << range;
      RecordProperty(
          std::string(activation_info(kind).name) + "_" + std::to_string(static_cast<int>(range)),
          std::to_string(most));
    }
}

}  // namespace
}  // namespace shrike::kernels
