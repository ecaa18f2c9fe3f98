// Every row of the table against the formulas in doubles, and derivatives against differences.
#include "kernels/norm/norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace shrike::kernels {
namespace {

using Floats = std::vector<float>;

Floats random_floats(size_t count, std::mt19937& random, float low, float high) {
  std::uniform_real_distribution<float> draw(low, high);
  Floats values(count);
  for (float& value : values) value = draw(random);
  return values;
}

constexpr Activation kTaken[] = {
    {ActivationKind::kNone, 0, 0}, {ActivationKind::kRelu, 0, 0},
    {ActivationKind::kSilu, 0, 0}, {ActivationKind::kLeakyRelu, 0.1f, 0},
    {ActivationKind::kMish, 0, 0}, {ActivationKind::kHardSwish, 0, 0},
    leaky_relu(1.5f),
};

struct Problem {
  int64_t rows, channels, gap;
  Floats z, dy, slope, offset, mean, gain, tilt, shift;

  Problem(int64_t r, int64_t c, int64_t g, std::mt19937& random) : rows(r), channels(c), gap(g) {
    const auto n = static_cast<size_t>(channels);
    z = random_floats(static_cast<size_t>(rows * (channels + gap)), random, -6, 6);
    dy = random_floats(static_cast<size_t>(rows * (channels + gap)), random, -1, 1);
    slope = random_floats(n, random, -2, 2);
    offset = random_floats(n, random, -1, 1);
    mean = random_floats(n, random, -1, 1);
    gain = random_floats(n, random, -1, 1);
    tilt = random_floats(n, random, -1, 1);
    shift = random_floats(n, random, -1, 1);
  }
  NormRows view() const {
    return {z.data(),      channels + gap, rows,      channels,      slope.data(),
            offset.data(), mean.data(),    dy.data(), channels + gap};
  }
  double normed(int64_t r, int64_t c) const {
    const auto i = static_cast<size_t>(c);
    return double{slope[i]} * double{z[static_cast<size_t>(r * (channels + gap) + c)]} +
           double{offset[i]};
  }
  double gradient(const Activation& f, int64_t r, int64_t c) const {
    return double{dy[static_cast<size_t>(r * (channels + gap) + c)]} *
           double{activation_slope(f, static_cast<float>(normed(r, c)))};
  }
  double centred(int64_t r, int64_t c) const {
    return double{z[static_cast<size_t>(r * (channels + gap) + c)]} -
           double{mean[static_cast<size_t>(c)]};
  }
};

class NormTable : public ::testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    if (cpu_lacks(kernel().need, cpu_features())) GTEST_SKIP() << kernel().name;
  }
  const NormKernel& kernel() const { return norm_kernels()[GetParam()]; }

  // `check(problem)` over channel counts around the vectors' widths, and few and many rows.
  template <typename Check>
  void for_each_problem(const Check& check) const {
    std::mt19937 random(11);
    for (int64_t channels : {1, 3, 7, 8, 12, 15, 16, 17, 31, 48, 64, 67, 129})
      for (int64_t rows : {0, 1, 2, 37})
        for (int64_t gap : {0, 5}) {
          SCOPED_TRACE(std::to_string(channels) + " channels, " + std::to_string(rows) + " rows");
          check(Problem(rows, channels, gap, random));
        }
  }
};

constexpr double kTolerance = 2e-5;

TEST_P(NormTable, SumsMoments) {
  for_each_problem([&](const Problem& p) {
    Floats sum(p.mean.size(), 9), squares(p.mean.size(), 9);
    kernel().moments(p.view(), sum.data(), squares.data());
    for (int64_t c = 0; c < p.channels; ++c) {
      double s = 0, q = 0;
      for (int64_t r = 0; r < p.rows; ++r) {
        s += p.centred(r, c);
        q += p.centred(r, c) * p.centred(r, c);
      }
      ASSERT_NEAR(sum[static_cast<size_t>(c)], s, kTolerance * (1 + std::abs(s)));
      ASSERT_NEAR(squares[static_cast<size_t>(c)], q, kTolerance * (1 + q));
    }
  });
}

TEST_P(NormTable, AppliesScaleShiftAndActivation) {
  for (const Activation& f : kTaken)
    for_each_problem([&](const Problem& p) {
      const int64_t stride = p.channels + p.gap;
      Floats y(static_cast<size_t>(p.rows * stride + 1), 9);
      kernel().apply(f, p.view(), y.data(), stride);
      for (int64_t r = 0; r < p.rows; ++r)
        for (int64_t c = 0; c < stride; ++c)
          ASSERT_NEAR(y[static_cast<size_t>(r * stride + c)],
                      c < p.channels ? apply_reference(f, static_cast<float>(p.normed(r, c))) : 9,
                      kTolerance)
              << activation_info(f.kind).name;
      EXPECT_EQ(y.back(), 9) << "written past the end";
    });
}

TEST_P(NormTable, SumsSlopes) {
  for (const Activation& f : kTaken)
    for_each_problem([&](const Problem& p) {
      Floats sum(p.mean.size(), 9), products(p.mean.size(), 9);
      kernel().slopes(f, p.view(), sum.data(), products.data());
      for (int64_t c = 0; c < p.channels; ++c) {
        double s = 0, q = 0;
        for (int64_t r = 0; r < p.rows; ++r) {
          s += p.gradient(f, r, c);
          q += p.gradient(f, r, c) * p.centred(r, c);
        }
        ASSERT_NEAR(sum[static_cast<size_t>(c)], s, kTolerance * 8) << activation_info(f.kind).name;
        ASSERT_NEAR(products[static_cast<size_t>(c)], q, kTolerance * 40);
      }
    });
}

TEST_P(NormTable, GoesBackAlsoInPlace) {
  for (const Activation& f : kTaken)
    for_each_problem([&](const Problem& p) {
      const auto size = static_cast<size_t>(p.rows * p.channels);
      Floats dz = p.gap == 0 ? p.z : Floats(size);
      NormRows view = p.view();
      if (p.gap == 0) view.z = dz.data();
      kernel().backward(f, view, {p.gain.data(), p.tilt.data(), p.shift.data()}, dz.data());
      for (int64_t r = 0; r < p.rows; ++r)
        for (int64_t c = 0; c < p.channels; ++c) {
          const auto i = static_cast<size_t>(c);
          const double expected = double{p.gain[i]} * p.gradient(f, r, c) +
                                  double{p.tilt[i]} * p.centred(r, c) + double{p.shift[i]};
          ASSERT_NEAR(dz[static_cast<size_t>(r * p.channels + c)], expected, kTolerance)
              << activation_info(f.kind).name;
        }
    });
}

INSTANTIATE_TEST_SUITE_P(Rows, NormTable, ::testing::Range(size_t{0}, norm_kernels().size()),
                         [](const auto& test) {
                           return std::string(norm_kernels()[test.param].name);
                         });

TEST(ActivationSlope, IsTheDifferenceOfTheActivation) {
  for (const Activation& f : kTaken)
    for (float x = -8.03f; x < 25; x += 0.37f) {
      constexpr float h = 1e-2f;
      const double expected =
          (double{apply_reference(f, x + h)} - double{apply_reference(f, x - h)}) / (2 * double{h});
      EXPECT_NEAR(activation_slope(f, x), expected, 3e-3)
          << activation_info(f.kind).name << ' ' << x;
    }
}

TEST(ActivationSlope, IsThereForThoseTaken) {
  size_t taken = 0;
  for (const ActivationInfo& info : kActivations) taken += norm_takes(info.kind);
  EXPECT_EQ(taken, std::size(kTaken));
  for (const Activation& f : kTaken) EXPECT_TRUE(norm_takes(f.kind));
}

}  // namespace
}  // namespace shrike::kernels
