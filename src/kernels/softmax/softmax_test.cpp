#include "kernels/softmax/softmax.h"

#include <gtest/gtest.h>

#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

template <typename Body>
void for_each_kernel(const Body& body) {
  for (const SoftmaxKernel& kernel : softmax_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features())) continue;
    SCOPED_TRACE(kernel.name);
    body(kernel);
  }
}

TEST(Softmax, AnySizeSumsToOneAndFollowsTheFormula) {
  Random random;
  ThreadPool one(1), three(3);
  for (int64_t n : {1, 2, 7, 8, 9, 16, 17, 400})
    for (int64_t inner : {1, 2, 7, 8, 9, 70}) {
      const SoftmaxProblem p{3, n, inner};
      const std::vector<float> in = random.reals(3 * n * inner, -20, 20);
      std::vector<float> expected(in.size());
      for (int64_t o = 0; o < 3; ++o)
        for (int64_t i = 0; i < inner; ++i) {
          double sum = 0;
          const auto at = [&](int64_t k) { return static_cast<size_t>((o * n + k) * inner + i); };
          for (int64_t k = 0; k < n; ++k) sum += std::exp(static_cast<double>(in[at(k)]));
          for (int64_t k = 0; k < n; ++k)
            expected[at(k)] = static_cast<float>(std::exp(static_cast<double>(in[at(k)])) / sum);
        }
      for_each_kernel([&](const SoftmaxKernel& kernel) {
        std::vector<float> out(in.size()), place = in;
        kernel.run(p, in.data(), out.data(), one);
        EXPECT_TRUE(near(expected, out, 2e-6f)) << n << " " << inner;
        kernel.run(p, place.data(), place.data(), three);
        EXPECT_TRUE(near(out, place, 0)) << n << " " << inner;
      });
    }
}

TEST(Softmax, InfinitiesAndNan) {
  const float infinity = std::numeric_limits<float>::infinity();
  ThreadPool pool(1);
  for (int64_t inner : {1, 3})
    for_each_kernel([&](const SoftmaxKernel& kernel) {
      const auto run = [&](const std::vector<float>& column) {
        std::vector<float> in;
        for (float x : column) in.insert(in.end(), static_cast<size_t>(inner), x);
        std::vector<float> out(in.size());
        kernel.run({1, static_cast<int64_t>(column.size()), inner}, in.data(), out.data(), pool);
        return out;
      };
      const std::vector<float> masked = run({-infinity, 0, 0});
      EXPECT_EQ(masked[0], 0);
      EXPECT_FLOAT_EQ(masked[static_cast<size_t>(inner)], 0.5f);
      EXPECT_FLOAT_EQ(run({1000, 1000})[0], 0.5f);
      EXPECT_TRUE(std::isnan(run({-infinity, -infinity})[0]));
      EXPECT_TRUE(std::isnan(run({1, std::nanf(""), 2})[0]));
      EXPECT_TRUE(std::isnan(run({1, infinity})[0]));
    });
}

TEST(Softmax, EmptyDoesNothing) {
  ThreadPool pool(2);
  for_each_kernel([&](const SoftmaxKernel& kernel) {
    kernel.run({2, 0, 3}, nullptr, nullptr, pool);
    kernel.run({0, 3, 3}, nullptr, nullptr, pool);
  });
}

}  // namespace
}  // namespace shrike::kernels
