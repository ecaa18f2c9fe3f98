#include "quantize/range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "ir/ops/quantize.h"

namespace shrike {
namespace {

// What a SiLU leaves of normal values, with a few far out.
Histogram activations() {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> values(20000);
  for (float& value : values) {
    const float x = normal(random);
    value = x / (1 + std::exp(-x));
  }
  values[17] = 40;
  values[170] = 35;
  Histogram h;
  h.add(values);
  return h;
}

double error_of(const Histogram& h, const ValueRange& range) {
  return squared_error(h, form_of(range));
}

// Down to values that are next to nothing: there is a step that layers are computed with, and what is
// chosen loses nothing beside it.
TEST(IntegerForm, OfTinyRanges) {
  for (int exponent = -149; exponent <= 10; exponent += 3)
    for (const float low : {0.0f, -1.0f, -0x1p-20f}) {
      const auto most = static_cast<float>(std::ldexp(1.0, exponent));
      const std::vector<float> values{most, most / 2, low * most, 0};
      Histogram h;
      h.add(values);
      for (const RangeChoice& choice : range_candidates(h))
        for (const DType type : {DType::kU8, DType::kI16}) {
          const IntegerForm form = form_of(choice.range, type);
          EXPECT_GE(form.scale, kLeastScale) << most << " " << to_string(choice);
          EXPECT_TRUE(choice.range.low <= 0 && choice.range.high >= 0) << to_string(choice);
          EXPECT_TRUE(form.zero >= 0 && form.zero <= 255);
          if (type == DType::kU8) {
            EXPECT_TRUE(std::isfinite(squared_error(h, form)));
          }
        }
    }
}

TEST(IntegerForm, ZeroIsOneOfTheSteps) {
  for (const ValueRange& range :
       {ValueRange{-0.28f, 6.1f}, ValueRange{0, 3}, ValueRange{-5, 0}, ValueRange{-1, 1}}) {
    const IntegerForm form = form_of(range);
    EXPECT_GE(form.zero, 0);
    EXPECT_LE(form.zero, 255);
    const float step = form.scale;
    EXPECT_NEAR(static_cast<float>(0 - form.zero) * step, range.low, 0.51f * step);
    EXPECT_NEAR(static_cast<float>(255 - form.zero) * step, range.high, 0.51f * step);
  }
  EXPECT_EQ(form_of({0, 3}).zero, 0);
  EXPECT_EQ(form_of({-5, 0}).zero, 255);
}

TEST(IntegerForm, OfSixteenBitsIsSymmetric) {
  for (const ValueRange& range : {ValueRange{-0.28f, 6.1f}, ValueRange{-5, 1}}) {
    const IntegerForm form = form_of(range, DType::kI16);
    EXPECT_EQ(form.type, DType::kI16);
    EXPECT_EQ(form.zero, 0);
    EXPECT_FLOAT_EQ(form.scale * 32767, std::max(-range.low, range.high));
    std::vector<float> values = {range.low, range.high, 0.1234f, 0, 100, -100};
    round_to(form, values);
    const std::vector<float> wanted = {range.low, range.high,         0.1234f,
                                       0,         32767 * form.scale, -32768 * form.scale};
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(values[i], wanted[i], 0.51f * form.scale) << i;
  }
  EXPECT_GT(form_of({0, 0}, DType::kI16).scale, 0);
}

TEST(IntegerForm, AnEmptyRangeIsNoDivisionByZero) {
  EXPECT_GT(form_of({0, 0}).scale, 0);
  EXPECT_GT(form_of({0, 1e-40f}).scale, 0);
}

TEST(Range, EachWayMinimisesWhatItSays) {
  const Histogram h = activations();
  const ValueRange all = choose_range(h, RangeMethod::kMinMax);
  EXPECT_EQ(all.high, 40);
  const ValueRange squares = choose_range(h, RangeMethod::kSquaredError);
  EXPECT_LE(error_of(h, squares), error_of(h, all));
  for (const RangeChoice& other : range_candidates(h))
    EXPECT_LE(error_of(h, squares), error_of(h, other.range) * 1.05) << to_string(other);
  const ValueRange most = choose_range(h, RangeMethod::kPercentile, 0.999);
  EXPECT_LT(most.high, 10);
  const ValueRange entropy = choose_range(h, RangeMethod::kEntropy);
  EXPECT_LT(entropy.high, 40);
  EXPECT_GT(entropy.high, 2);
}

TEST(Range, PercentileLeavesTheShareItSays) {
  Histogram h;
  std::vector<float> values;
  for (int i = -1000; i <= 1000; ++i) values.push_back(static_cast<float>(i));
  h.add(values);
  const ValueRange range = choose_range(h, RangeMethod::kPercentile, 0.9);
  EXPECT_NEAR(range.low, -900, 2);
  EXPECT_NEAR(range.high, 900, 2);
}

TEST(Range, OfOneSidedValues) {
  Histogram h;
  h.add(std::vector<float>{0, 1, 2, 3});
  for (const RangeChoice& choice : range_candidates(h)) {
    EXPECT_EQ(choice.range.low, 0) << to_string(choice);
    EXPECT_GT(choice.range.high, 0) << to_string(choice);
  }
  EXPECT_EQ(choose_range(Histogram(), RangeMethod::kEntropy), (ValueRange{0, 0}));
}

TEST(SquaredError, IsThatOfRounding) {
  // Uniform within a step: its square over 12.
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0, 100);
  std::vector<float> values(50000);
  for (float& value : values) value = uniform(random);
  Histogram h;
  h.add(values);
  const double step = 100.0 / 255;
  EXPECT_NEAR(error_of(h, {0, 100}), step * step / 12, 0.03 * step * step / 12);
}

}  // namespace
}  // namespace shrike
