// What ONNX Runtime cannot answer (golden_test.cpp): fused convolutions, Silu, types it lacks,
// choices of our own.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/half.h"
#include "reference/test_support.h"

namespace shrike {
namespace {

using reference_test::floats;
using reference_test::ints;
using reference_test::noise;
using reference_test::run;

constexpr float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Unary, SiluIsXTimesItsSigmoid) {
  const auto y = run("Silu", {floats({4}, {0, 1, -100, 100})});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[0].data<float>()[0], 0.0f);
  EXPECT_NEAR((*y)[0].data<float>()[1], 0.7310586f, 1e-7);
  EXPECT_NEAR((*y)[0].data<float>()[2], 0.0f, 1e-30);
  EXPECT_EQ((*y)[0].data<float>()[3], 100.0f);
}

TEST(Unary, ExtremesStayWhereTheyBelong) {
  const Tensor x = floats({3}, {-kInf, kInf, kNan});
  const auto sigmoid = run("Sigmoid", {x}), softplus = run("Softplus", {x}),
             relu = run("Relu", {x});
  ASSERT_TRUE(sigmoid && softplus && relu);
  EXPECT_EQ((*sigmoid)[0].data<float>()[0], 0.0f);
  EXPECT_EQ((*sigmoid)[0].data<float>()[1], 1.0f);
  EXPECT_EQ((*softplus)[0].data<float>()[0], 0.0f);
  EXPECT_EQ((*softplus)[0].data<float>()[1], kInf);
  EXPECT_TRUE(std::isnan((*relu)[0].data<float>()[2]));
}

TEST(Unary, EveryFloatFunctionTakesAllFloatTypes) {
  for (const EnumName<UnaryKind>& row : kUnaryKinds) {
    if (row.value == UnaryKind::kNot) continue;
    const std::string op = std::string(row.name) + " alpha=0.5 beta=0.25";
    const auto f32 = run(op, {floats({1}, {0.75f})});
    const auto f64 = run(op, {Tensor::from<double>(Shape{1}, {0.75})});
    Tensor half(DType::kF16, Shape{1});
    half.mutable_data<uint16_t>()[0] = float_to_half(0.75f);
    const auto f16 = run(op, {half});
    ASSERT_TRUE(f32 && f64 && f16) << row.name;
    const double want = (*f64)[0].data<double>()[0];
    EXPECT_NEAR((*f32)[0].data<float>()[0], want, 1e-6) << row.name;
    EXPECT_EQ((*f16)[0].data<uint16_t>()[0], float_to_half(static_cast<float>(want))) << row.name;
  }
}

TEST(Conv, ActivationThenResidual) {
  // 1x1, one channel: y = leaky(2 x + 1) + r.
  const Tensor x = floats({1, 1, 1, 3}, {-2, 0, 1}), w = floats({1, 1, 1, 1}, {2});
  const Tensor r = floats({1, 1, 1, 3}, {10, 20, 30});
  const auto y = run("Conv activation=LeakyRelu alpha=0.5", {x, w, floats({1}, {1}), r});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[0], floats({1, 1, 1, 3}, {8.5f, 21, 33}));
  const auto no_bias = run("Conv activation=Relu", {x, w, Tensor(), r});
  ASSERT_TRUE(no_bias) << no_bias.error().message;
  EXPECT_EQ((*no_bias)[0], floats({1, 1, 1, 3}, {10, 20, 32}));
}

TEST(Conv, FusedIsConvThenUnaryThenAdd) {
  const Tensor x = noise({2, 4, 7, 5}), w = noise({6, 2, 3, 3}), b = noise({6}),
               r = noise({2, 6, 4, 3});
  const std::string geometry = " strides=[2,2] pads=[1,1,1,1] group=2";
  const auto plain = run("Conv" + geometry, {x, w, b});
  ASSERT_TRUE(plain) << plain.error().message;
  for (const std::string kind : {"Silu", "Mish", "HardSwish", "Sigmoid"}) {
    const auto fused = run("Conv activation=" + kind + geometry, {x, w, b, r});
    const auto activated = run(kind, *plain);
    ASSERT_TRUE(fused && activated);
    const auto sum = run("Add", {(*activated)[0], r});
    ASSERT_TRUE(sum);
    EXPECT_EQ((*fused)[0], (*sum)[0]) << kind;
  }
}

TEST(Conv, TakesDoubles) {
  const auto y = run("Conv", {Tensor::from<double>(Shape{1, 1, 1, 2}, {1, 2}),
                              Tensor::from<double>(Shape{1, 1, 1, 2}, {0.5, 0.25})});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[0], Tensor::from<double>(Shape{1, 1, 1, 1}, {1.0}));
}

TEST(ConvTranspose, IsTheAdjointOfConv) {
  // <conv(x), z> = <x, transpose(z)> for the same weights and geometry.
  const Tensor x = noise({1, 4, 7, 6}), w = noise({6, 2, 3, 2}), z = noise({1, 6, 3, 4}, 3);
  const std::string geometry = " strides=[3,2] pads=[1,1,1,1] group=2";
  const auto y = run("Conv" + geometry, {x, w});
  const auto back = run("ConvTranspose" + geometry, {z, w});
  ASSERT_TRUE(y) << y.error().message;
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ((*y)[0].shape(), z.shape());
  ASSERT_EQ((*back)[0].shape(), x.shape());
  double left = 0, right = 0;
  for (size_t i = 0; i < static_cast<size_t>(z.size()); ++i)
    left += static_cast<double>((*y)[0].data<float>()[i]) * static_cast<double>(z.data<float>()[i]);
  for (size_t i = 0; i < static_cast<size_t>(x.size()); ++i)
    right +=
        static_cast<double>((*back)[0].data<float>()[i]) * static_cast<double>(x.data<float>()[i]);
  EXPECT_NEAR(left, right, 1e-4 * std::fabs(left));
}

TEST(Cast, SaturatesWhatDoesNotFit) {
  const Tensor x = floats({6}, {kNan, kInf, -kInf, 300.7f, -1.5f, 2.9f});
  const auto bytes = run("Cast to=u8", {x});
  const auto longs = run("Cast to=i64", {x});
  ASSERT_TRUE(bytes && longs);
  EXPECT_EQ((*bytes)[0], Tensor::from<uint8_t>(Shape{6}, {0, 255, 0, 255, 0, 2}));
  EXPECT_EQ((*longs)[0], Tensor::from<int64_t>(Shape{6}, {0, INT64_MAX, INT64_MIN, 300, -1, 2}));
}

TEST(Cast, AnyByteOfABoolIsTrueOrFalse) {
  Tensor flags(DType::kBool, Shape{3});
  flags.mutable_bytes()[0] = std::byte{7};
  flags.mutable_bytes()[2] = std::byte{1};
  const auto y = run("Cast to=f32", {flags});
  ASSERT_TRUE(y);
  EXPECT_EQ((*y)[0], floats({3}, {1, 0, 1}));
}

TEST(Binary, IntegersWrapAround) {
  const Tensor least = ints({INT64_MIN}), minus = ints({-1});
  for (const auto& [op, want] : std::vector<std::pair<std::string, int64_t>>{{"Add", INT64_MAX},
                                                                             {"Mul", INT64_MIN},
                                                                             {"Div", INT64_MIN},
                                                                             {"Mod", 0},
                                                                             {"Mod fmod=1", 0}}) {
    const auto y = run(op, {least, minus});
    ASSERT_TRUE(y) << op;
    EXPECT_EQ((*y)[0], ints({want})) << op;
  }
}

// Against a stable sort of all, with values that occur often and NaNs.
TEST(TopK, AsASortOfAll) {
  std::mt19937 random(4);
  for (const int64_t size : {1, 2, 50, 1000})
    for (const int64_t count : {1, 2, 7, 400}) {
      if (count > size) continue;
      std::vector<float> values(static_cast<size_t>(size));
      for (float& value : values) value = static_cast<float>(random() % 300);
      if (size > 10) values[5] = values[9] = kNan;
      for (const bool largest : {true, false}) {
        std::vector<size_t> order(values.size());
        std::iota(order.begin(), order.end(), size_t{0});
        const auto rank = [&](size_t i) {  // NaN above all
          const double value = std::isnan(values[i]) ? 1e9 : static_cast<double>(values[i]);
          return largest ? -value : value;
        };
        std::ranges::stable_sort(order, {}, rank);
        const auto y =
            run(largest ? "TopK" : "TopK largest=0", {floats({size}, values), ints({count})}, 2);
        ASSERT_TRUE(y);
        for (size_t i = 0; i < static_cast<size_t>(count); ++i)
          EXPECT_EQ((*y)[1].data<int64_t>()[i], static_cast<int64_t>(order[i]));
      }
    }
}

TEST(TopK, EqualValuesComeInTheOrderOfTheirIndices) {
  const auto y = run("TopK", {floats({6}, {1, 3, kNan, 3, 1, 3}), ints({5})}, 2);
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[1], ints({2, 1, 3, 5, 0}));
  const auto least = run("TopK largest=0", {floats({5}, {1, 3, kNan, 1, 0}), ints({5})}, 2);
  ASSERT_TRUE(least);
  EXPECT_EQ((*least)[1], ints({4, 0, 3, 1, 2}));
}

TEST(NonMaxSuppression, ThresholdsAreStrict) {
  // Two boxes that share a third of their union, and one apart whose score is the threshold.
  const Tensor boxes = floats({1, 3, 4}, {0, 0, 2, 2, 0, 1, 2, 3, 8, 8, 9, 9});
  const Tensor scores = floats({1, 1, 3}, {0.5f, 0.75f, 0.25f});
  const float third = 2.0f / 6.0f;
  const auto kept = run("NonMaxSuppression",
                        {boxes, scores, ints({9}), floats({1}, {third}), floats({1}, {0.25f})});
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ((*kept)[0], Tensor::from<int64_t>(Shape({2, 3}), {0, 0, 1, 0, 0, 0}));
  const auto suppressed = run(
      "NonMaxSuppression", {boxes, scores, ints({9}), floats({1}, {0.33f}), floats({1}, {0.2f})});
  ASSERT_TRUE(suppressed);
  EXPECT_EQ((*suppressed)[0], Tensor::from<int64_t>(Shape({2, 3}), {0, 0, 1, 0, 0, 2}));
}

}  // namespace
}  // namespace shrike
