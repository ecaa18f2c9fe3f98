#include "kernels/reduce/reduce.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

// Dimensions `dims` in a buffer that has them in the order `order`, outermost first, with `gap`
// more elements behind each run of the last; dimension `axis` is gone in the output.
struct Case {
  std::vector<int64_t> dims;
  std::vector<size_t> order;
  size_t axis;
  int64_t gap = 0;
};

ReduceProblem problem_of(const Case& c, bool largest) {
  std::vector<int64_t> strides(c.dims.size());
  int64_t stride = 1;
  for (size_t i = c.order.size(); i-- > 0;) {
    strides[c.order[i]] = stride;
    stride *= c.dims[c.order[i]] + (i + 1 == c.order.size() ? c.gap : 0);
  }
  ReduceProblem p{largest, c.dims[c.axis], strides[c.axis], 0, {}, {}};
  for (size_t d = 0; d < c.dims.size(); ++d) {
    if (d == c.axis) continue;
    p.dims[static_cast<size_t>(p.rank)] = c.dims[d];
    p.strides[static_cast<size_t>(p.rank++)] = strides[d];
  }
  return p;
}

// Checks every kernel that takes it; returns how many but the reference.
int check(const ReduceProblem& p, const std::vector<float>& in) {
  ThreadPool one(1), three(3);
  const auto count = static_cast<size_t>(p.outputs());
  std::vector<float> expected(count);
  reduce_kernels().back().run(p, in.data(), expected.data(), one);
  int taken = 0;
  for (const ReduceKernel& kernel : reduce_kernels()) {
    if (kernel.refuse && kernel.refuse(p)) continue;
    SCOPED_TRACE(kernel.name);
    for (ThreadPool* pool : {&one, &three}) {
      std::vector<float> out(count, 7.0f);
      kernel.run(p, in.data(), out.data(), *pool);
      for (size_t i = 0; i < count; ++i) {
        if (std::isnan(expected[i])) {
          EXPECT_TRUE(std::isnan(out[i]));
        } else {
          EXPECT_EQ(out[i], expected[i]);
        }
      }
    }
    ++taken;
  }
  return taken - 1;
}

TEST(Reduce, AnySizeAndOrder) {
  Random random;
  int taken = 0;
  for (const int64_t n : {1, 2, 31, 32, 33, 70, 200})
    for (const int64_t outer : {1, 3, 33, 100})
      for (const size_t axis : {0, 1, 2})
        for (const std::vector<size_t>& order :
             {std::vector<size_t>{0, 1, 2}, {2, 0, 1}, {1, 2, 0}})
          for (const bool largest : {true, false}) {
            std::vector<int64_t> dims = {outer, outer, 2};
            dims[axis] = n;
            for (const int64_t gap : {0, 5}) {
              const std::vector<float> in =
                  random.reals(dims[0] * dims[1] * (dims[2] + gap) * (1 + gap));
              taken += check(problem_of({dims, order, axis, gap}, largest), in);
            }
          }
  EXPECT_GT(taken, 600);
}

TEST(Reduce, KnownNumbers) {
  const std::vector<float> in = {1, -5, 3, 9, 2, 4};  // 2 x 3
  ThreadPool pool(1);
  const auto run = [&](size_t axis, bool largest) {
    const ReduceProblem p = problem_of({{2, 3}, {0, 1}, axis}, largest);
    std::vector<float> out(static_cast<size_t>(p.outputs()));
    reduce_kernels().back().run(p, in.data(), out.data(), pool);
    return out;
  };
  EXPECT_EQ(run(1, true), (std::vector<float>{3, 9}));
  EXPECT_EQ(run(1, false), (std::vector<float>{-5, 2}));
  EXPECT_EQ(run(0, true), (std::vector<float>{9, 2, 4}));
}

TEST(Reduce, NanAndInfinities) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Random random;
  for (const size_t axis : {0, 1})
    for (const bool largest : {true, false})
      for (const float odd : {std::nanf(""), kInfinity, -kInfinity}) {
        std::vector<float> in = random.reals(70 * 70);
        for (size_t i = 0; i < in.size(); i += 97) in[i] = odd;
        EXPECT_GT(check(problem_of({{70, 70}, {0, 1}, axis}, largest), in), 0);
      }
}

// Nothing is left but one element.
TEST(Reduce, OfAVector) {
  ThreadPool pool(1);
  const ReduceProblem p = problem_of({{70}, {0}, 0}, true);
  std::vector<float> out(1), in(70, 1.0f);
  in[55] = 4;
  EXPECT_EQ(check(p, in), 1);
  reduce_kernels().back().run(p, in.data(), out.data(), pool);
  EXPECT_EQ(out[0], 4);
  in[17] = std::nanf("");
  EXPECT_EQ(check(p, in), 1);
  reduce_kernels().back().run(p, in.data(), out.data(), pool);
  EXPECT_TRUE(std::isnan(out[0]));
}

}  // namespace
}  // namespace shrike::kernels
