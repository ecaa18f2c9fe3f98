// Sums of two halves of the channels, and parts of a layer that two threads compute.
#include "kernels/conv/pair_halves.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/conv/conv_panels.h"
#include "kernels/conv/sum_halves.h"
#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

// Those in pairs: split products are split_test.cpp's.
std::vector<ConvKernel> rows() {
  std::vector<ConvKernel> found;
  for (const ConvKernel& row : conv_kernels())
    if (row.adds_halves && can_run(row.need) && std::string(row.name).ends_with("_pairs"))
      found.push_back(row);
  return found;
}

class PairHalvesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (rows().empty()) GTEST_SKIP() << "no row for this machine";
  }
  // A dense map of 11 rows of nine pixels, from channel `first` on of those that there are.
  std::vector<float> run(const ConvKernel& row, const ConvProblem& problem, int64_t first,
                         const float* weights, const float* bias,
                         const std::vector<float>& inputs) const {
    const auto pixels = static_cast<size_t>(problem.out_height * problem.out_width);
    std::vector<float> outputs(pixels * static_cast<size_t>(problem.out_channels));
    const auto channels = static_cast<int64_t>(inputs.size() / pixels);
    ConvMaps maps;
    maps.input = {inputs.data() + first, problem.in_height, problem.in_width,
                  problem.in_channels,   channels,          problem.in_width * channels};
    maps.output =
        dense_map(outputs.data(), problem.out_height, problem.out_width, problem.out_channels);
    ThreadPool pool(1);
    AlignedScratch scratch(row.scratch_bytes(problem, 1));
    row.run(problem, row.pack(problem, weights, bias), maps, pool, scratch.span());
    return outputs;
  }
  static ConvProblem problem_of(int64_t in, int64_t out) {
    ConvProblem p = square(11, in, out, 1, 1, 0);
    p.in_width = p.out_width = 9;
    return p;
  }
  Random random_;
};

TEST_F(PairHalvesTest, AsTheReference) {
  for (const int64_t in : {64, 96, 100, 256, 448})
    for (const int64_t out : {16, 40, 96, 130})
      for (int64_t half = 32; half < in; half += in < 200 ? 32 : 96)
        for (const Residual residual :
             {Residual::kNone, Residual::kAfterActivation, Residual::kBeforeActivation}) {
          ConvProblem p = problem_of(in, out);
          p.half = half;
          p.residual = residual;
          for (const ConvKernel& row : rows())
            ConvCase(p, random_, {5, 0, 1}, {3, 0, 2}).check(row);
          if (HasFailure()) return;
        }
}

// What each half gives by itself, and the sum of these, bit for bit.
TEST_F(PairHalvesTest, AreSumsByThemselves) {
  struct Sizes {
    int64_t in, half, out;
  };
  for (const auto [in, half, out] : {Sizes{448, 224, 96}, {448, 224, 33}, {160, 96, 130}})
    for (const ConvKernel& row : rows()) {
      SCOPED_TRACE(std::to_string(in) + " " + std::to_string(out));
      ConvProblem whole = problem_of(in, out);
      const std::vector<float> inputs = random_.reals(99 * in), bias = random_.reals(out);
      const std::vector<float> weights = random_.reals(out * in);
      const auto part = [&, in = in](int64_t first, int64_t channels, const float* own_bias) {
        const std::vector<float> own = weights_of_channels(whole, weights.data(), first, channels);
        ConvProblem p = whole;
        p.in_channels = channels;
        return run(row, p, first, own.data(), own_bias, inputs);
      };
      const std::vector<float> first = part(0, half, bias.data());
      const std::vector<float> second = part(half, in - half, nullptr);
      const std::vector<float> in_order = run(row, whole, 0, weights.data(), bias.data(), inputs);
      whole.half = half;
      const std::vector<float> sums = run(row, whole, 0, weights.data(), bias.data(), inputs);
      for (size_t i = 0; i < sums.size(); ++i) EXPECT_EQ(sums[i], first[i] + second[i]) << i;
      EXPECT_NE(sums, in_order);
    }
}

// The map that is added may be what is written.
TEST_F(PairHalvesTest, ResidualInPlace) {
  ConvProblem p = problem_of(256, 96);
  p.half = 128;
  p.residual = Residual::kAfterActivation;
  const std::vector<float> inputs = random_.reals(99 * 256), weights = random_.reals(96 * 256);
  const std::vector<float> added = random_.reals(99 * 96);
  for (const ConvKernel& row : rows()) {
    const auto outputs = [&](bool in_place) {
      std::vector<float> other = added, own = in_place ? added : std::vector<float>(added.size());
      ConvMaps maps;
      maps.input = dense_map<const float>(inputs.data(), p.in_height, p.in_width, p.in_channels);
      maps.output = dense_map(own.data(), p.out_height, p.out_width, p.out_channels);
      maps.residual =
          in_place
              ? ConstMapView(maps.output)
              : ConstMapView(dense_map(other.data(), p.out_height, p.out_width, p.out_channels));
      ThreadPool pool(2);
      AlignedScratch scratch(row.scratch_bytes(p, 2));
      row.run(p, row.pack(p, weights.data(), nullptr), maps, pool, scratch.span());
      return own;
    };
    EXPECT_EQ(outputs(false), outputs(true)) << row.name;
  }
}

// Large inputs beside weights that are all zeros, of one half or of both.
TEST_F(PairHalvesTest, HalvesWithoutWeights) {
  ConvProblem p = problem_of(256, 64);
  p.half = 128;
  std::vector<float> inputs = random_.reals(99 * 256), bias = random_.reals(64);
  for (float& x : inputs) x *= 1e6f;
  for (const int64_t given : {128, 0}) {
    std::vector<float> weights = random_.reals(64 * 256);
    for (int64_t i = 0; i < std::ssize(weights); ++i)
      if (i % 256 >= given) weights[static_cast<size_t>(i)] = 0;
    const std::vector<float> expected =
        run(conv_kernels().back(), p, 0, weights.data(), bias.data(), inputs);
    const float range = given > 0 ? 1e6f : 1;
    for (const ConvKernel& row : rows())
      EXPECT_TRUE(near(expected, run(row, p, 0, weights.data(), bias.data(), inputs),
                       3 * range * sum_tolerance(256)))
          << row.name << ", " << given;
  }
}

// Inputs that are zeros everywhere give the bias, and where they are zeros in most pixels it is the
// others that count.
TEST_F(PairHalvesTest, HalvesWithoutInputs) {
  ConvProblem p = problem_of(256, 64);
  p.half = 128;
  const std::vector<float> bias = random_.reals(64), weights = random_.reals(64 * 256);
  for (const ConvKernel& row : rows()) {
    const std::vector<float> outputs =
        run(row, p, 0, weights.data(), bias.data(), std::vector<float>(99 * 256));
    for (size_t i = 0; i < outputs.size(); ++i) EXPECT_EQ(outputs[i], bias[i % 64]) << row.name;
    // The second half of two pixels alone, between those that scales are taken from.
    std::vector<float> inputs = random_.reals(99 * 256);
    for (int64_t i = 0; i < std::ssize(inputs); ++i) {
      const int64_t pixel = i / 256;
      if (i % 256 >= 128) inputs[static_cast<size_t>(i)] *= pixel == 2 || pixel == 3 ? 1e4f : 0;
    }
    const std::vector<float> expected =
        run(conv_kernels().back(), p, 0, weights.data(), bias.data(), inputs);
    EXPECT_TRUE(near(expected, run(row, p, 0, weights.data(), bias.data(), inputs),
                     3 * 1e4f * sum_tolerance(256)))
        << row.name;
  }
}

// Some outputs of a layer are those of all, bit for bit, if they are told the weights of all: these
// are larger here.
TEST_F(PairHalvesTest, SomeOutputsByTheScaleOfAll) {
  constexpr int64_t kIn = 96, kOut = 160, kSome = 64;
  for (const ConvKernel& row : rows()) {
    const ConvProblem whole = problem_of(kIn, kOut);
    const std::vector<float> inputs = random_.reals(99 * kIn), bias = random_.reals(kOut);
    std::vector<float> weights = random_.reals(kOut * kIn);
    for (int64_t i = kSome * kIn; i < kOut * kIn; ++i) weights[static_cast<size_t>(i)] *= 8;
    ConvProblem some = whole;
    some.out_channels = kSome;
    const auto columns = [&](const std::vector<float>& outputs, int64_t channels) {
      std::vector<float> result;
      for (int64_t p = 0; p < 99; ++p)
        result.insert(result.end(), outputs.begin() + p * channels,
                      outputs.begin() + p * channels + kSome);
      return result;
    };
    const std::vector<float> expected =
        columns(run(row, whole, 0, weights.data(), bias.data(), inputs), kOut);
    EXPECT_NE(run(row, some, 0, weights.data(), bias.data(), inputs), expected);
    some.weight_square = mean_square(weights.data(), whole.weight_count());
    EXPECT_EQ(run(row, some, 0, weights.data(), bias.data(), inputs), expected);
  }
}

// Sums are others where rows say that they add halves, and there alone.
TEST(SumHalves, RowsSayWhetherTheyAddThem) {
  Random random;
  ConvProblem p = square(10, 256, 96, 1, 1, 0);
  for (const ConvKernel& row : conv_kernels()) {
    if (!can_run(row.need) || (row.refuse && row.refuse(p))) continue;
    const std::vector<float> inputs = random.reals(100 * 256), weights = random.reals(96 * 256);
    const auto outputs = [&](int64_t half) {
      ConvProblem own = p;
      own.half = half;
      std::vector<float> result(100 * 96);
      ThreadPool pool(1);
      AlignedScratch scratch(row.scratch_bytes(own, 1));
      row.run(own, row.pack(own, weights.data(), nullptr),
              {dense_map<const float>(inputs.data(), 10, 10, 256),
               dense_map(result.data(), 10, 10, 96),
               {}},
              pool, scratch.span());
      return result;
    };
    EXPECT_EQ(outputs(0) != outputs(128), row.adds_halves) << row.name;
  }
}

TEST_F(PairHalvesTest, AreInNoPanels) {
  for (const ConvKernel& row : rows()) {
    ConvProblem p = problem_of(256, 96);
    EXPECT_TRUE(conv_panels_form(row, p));
    p.half = 128;
    EXPECT_FALSE(conv_panels_form(row, p));
  }
}

TEST(SumHalf, WhereWeightsAreMuchMoreThanOutputs) {
  const auto half = [](int64_t size, int64_t in, int64_t kernel = 1,
                       ActivationKind kind = ActivationKind::kNone) {
    ConvProblem p = square(size, in, 96, kernel, 1, kernel / 2);
    p.activation.kind = kind;
    return sum_half(p);
  };
  EXPECT_EQ(half(10, 448), 224);
  EXPECT_EQ(half(20, 448), 0);  // pixels
  EXPECT_EQ(half(10, 480), 0);  // steps
  EXPECT_EQ(half(4, 192), 0);   // channels
  EXPECT_EQ(half(10, 448, 3), 0);
  EXPECT_EQ(half(10, 448, 1, ActivationKind::kRelu), 0);
}

}  // namespace
}  // namespace shrike::kernels
