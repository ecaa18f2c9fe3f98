#include <gtest/gtest.h>

#include "kernels/elementwise/elementwise.h"
#include "kernels/testing/activations.h"
#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

const UnaryKernel& reference() { return unary_kernels().back(); }

template <typename Body>
void for_each_kernel(const Body& body) {
  for (const UnaryKernel& kernel : unary_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features())) continue;
    SCOPED_TRACE(kernel.name);
    body(kernel);
  }
}

std::vector<float> apply(const UnaryKernel& kernel, const Activation& activation,
                         const std::vector<float>& in) {
  std::vector<float> out(in.size());
  ThreadPool pool(1);
  const auto n = static_cast<int64_t>(in.size());
  kernel.run(activation, {in.data(), 1, n, n}, {out.data(), 1, n, n}, pool);
  return out;
}

// In double, for the functions whose vector forms have an approximation of their own.
double exact(ActivationKind kind, double x) {
  switch (kind) {
    case ActivationKind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationKind::kSilu:
      return x / (1 + std::exp(-x));
    case ActivationKind::kTanh:
      return std::tanh(x);
    case ActivationKind::kMish:
      return x * std::tanh(std::log1p(std::exp(x)));
    case ActivationKind::kElu:
      return x < 0 ? std::expm1(x) : x;
    case ActivationKind::kExp:
      return std::exp(x);
    default:
      return std::nan("");
  }
}

TEST(Unary, RelativeAccuracy) {
  std::vector<float> in;
  for (float x = -80; x <= 80; x += 0.00371f) in.push_back(x);
  for (float x = 1e-6f; x < 1; x *= 1.01f) in.push_back(x), in.push_back(-x);
  for (ActivationKind kind :
       {ActivationKind::kSigmoid, ActivationKind::kSilu, ActivationKind::kTanh,
        ActivationKind::kMish, ActivationKind::kElu, ActivationKind::kExp})
    for_each_kernel([&](const UnaryKernel& kernel) {
      const std::vector<float> out = apply(kernel, {kind, 1, 0}, in);
      double worst = 0;
      for (size_t i = 0; i < in.size(); ++i) {
        const double want = exact(kind, in[i]);
        worst = std::max(worst, std::fabs(out[i] - want) / std::fabs(want));
      }
      EXPECT_LT(worst, kind == ActivationKind::kSilu ? 4e-7 : 3.5e-7) << activation_info(kind).name;
    });
}

TEST(Unary, EveryKindFollowsItsReference) {
  Random random;
  std::vector<float> in = random.reals(999, -10, 10);
  in.insert(in.end(), {0.0f, -0.0f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 6.0f, 100.0f, -100.0f});
  for (const ActivationInfo& info : kActivations) {
    const Activation activation = testing::example_of(info.kind);
    const std::vector<float> expected = apply(reference(), activation, in);
    for_each_kernel([&](const UnaryKernel& kernel) {
      EXPECT_TRUE(near(expected, apply(kernel, activation, in), 1e-6f)) << info.name;
    });
  }
}

TEST(Unary, SlopesOfAnyKind) {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const std::vector<float> in{infinity, -infinity, nan, 0.0f, -0.0f, 3.0f, -3.0f, 1e-40f, -1e-40f};
  for (float alpha : {0.0f, -0.0f, 0.1f, 1.0f, 1.5f, -2.0f, 3e38f}) {
    const Activation activation = leaky_relu(alpha);
    const std::vector<float> expected = apply(reference(), activation, in);
    for_each_kernel([&](const UnaryKernel& kernel) {
      EXPECT_TRUE(near(expected, apply(kernel, activation, in), 1e-6f)) << alpha;
    });
  }
}

TEST(Unary, ExtremesAndNan) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> in{infinity, -infinity, std::nanf(""), 88.7f, 88.8f, -87.0f, -104.0f};
  for (const ActivationInfo& info : kActivations) {
    if (info.kind == ActivationKind::kSilu || info.kind == ActivationKind::kMish ||
        info.kind == ActivationKind::kGelu || info.kind == ActivationKind::kGeluTanh ||
        info.kind == ActivationKind::kHardSwish)
      continue;  // -infinity * 0: a NaN or a 0, nobody depends on which
    const Activation activation = testing::example_of(info.kind);
    const std::vector<float> expected = apply(reference(), activation, in);
    for_each_kernel([&](const UnaryKernel& kernel) {
      EXPECT_TRUE(near(expected, apply(kernel, activation, in), 1e-6f)) << info.name;
    });
  }
  for_each_kernel([&](const UnaryKernel& kernel) {
    const std::vector<float> silu = apply(kernel, {ActivationKind::kSilu}, in);
    EXPECT_EQ(silu[0], infinity);
    EXPECT_TRUE(std::isnan(silu[2]));
    EXPECT_NEAR(silu[6], 0, 1e-30);
  });
}

TEST(Unary, RowsLengthsAndStrides) {
  Random random;
  ThreadPool one(1), three(3);
  for (int64_t length : {0, 1, 7, 8, 9, 15, 16, 17, 33, 20000})
    for (int64_t gap : {0, 3}) {
      const int64_t rows = length > 1000 ? 3 : 11, stride = length + gap;
      const std::vector<float> in = random.reals(rows * stride + 1);
      const ConstRowsView input{in.data() + 1, rows, length, stride};
      const Activation silu{ActivationKind::kSilu};
      std::vector<float> expected(in.size(), kUntouched);
      reference().run(silu, input, {expected.data() + 1, rows, length, stride}, one);
      for_each_kernel([&](const UnaryKernel& kernel) {
        for (ThreadPool* pool : {&one, &three}) {
          std::vector<float> out(in.size(), kUntouched);
          kernel.run(silu, input, {out.data() + 1, rows, length, stride}, *pool);
          EXPECT_TRUE(near(expected, out, 1e-6f)) << length;
        }
        std::vector<float> place = in;
        kernel.run(silu, {place.data() + 1, rows, length, stride},
                   {place.data() + 1, rows, length, stride}, three);
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t i = 0; i < length; ++i) {
            const auto at = static_cast<size_t>(1 + r * stride + i);
            ASSERT_NEAR(place[at], expected[at], 1e-6f);
          }
      });
    }
}

}  // namespace
}  // namespace shrike::kernels
