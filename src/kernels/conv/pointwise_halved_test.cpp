// Strips in assembly (pointwise_tiles_avx512.h): all ends of a sum, numbers of pixels around its
// tile, of outputs around its panels, of channels around its turns.
#include <gtest/gtest.h>

#include <cstring>

#include "kernels/testing/activations.h"
#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

constexpr Residual kOrders[] = {Residual::kNone, Residual::kAfterActivation,
                                Residual::kBeforeActivation};
// Two that assembly ends, one that is left to the compiler.
constexpr ActivationKind kKinds[] = {ActivationKind::kNone, ActivationKind::kLeakyRelu,
                                     ActivationKind::kSilu};

class HalvedPointwise : public ::testing::Test {
 protected:
  void SetUp() override {
    singles_ = row("avx512_halved_pointwise");
    pairs_ = row("avx512_pointwise_pairs");
    others_ = row("avx512_pointwise");
    if (!singles_ || !pairs_ || !others_) GTEST_SKIP() << "no row for this machine";
  }
  ConvProblem problem(int64_t height, int64_t width, int64_t in, int64_t out) {
    ConvProblem p = square(1, in, out, 1, 1, 0);
    p.in_height = height;
    p.in_width = width;
    p = sized(p, 0);
    p.activation = example_of(random_.pick({kKinds[0], kKinds[1], kKinds[2]}));
    p.residual = random_.pick({kOrders[0], kOrders[1], kOrders[2]});
    return p;
  }
  // Single products to the bits of the compiler's tiles, which add in the same order.
  void check(const ConvProblem& p, Gaps in = {}, Gaps out = {}) {
    const ConvCase test(p, random_, in, out);
    test.check(*singles_);
    EXPECT_TRUE(near(test.run(*others_, 1), test.run(*singles_, 1), 0)) << describe(p);
    if (!pairs_->refuse(unestimated(p))) test.check(*pairs_);
  }

  const ConvKernel *singles_ = nullptr, *pairs_ = nullptr, *others_ = nullptr;
  Random random_;

 private:
  static const ConvKernel* row(const char* name) {
    for (const ConvKernel& row : conv_kernels())
      if (std::strcmp(row.name, name) == 0 && can_run(row.need)) return &row;
    return nullptr;
  }
  static ConvProblem unestimated(ConvProblem p) {
    p.by_estimate = false;
    return p;
  }
};

TEST_F(HalvedPointwise, PixelsAroundTiles) {
  for (int64_t pixels : {1, 9, 10, 11, 19, 20, 30, 39, 40, 41, 59, 163})
    for (int64_t out : {8, 16, 32, 40}) check(problem(1, pixels, 20, out));
}

TEST_F(HalvedPointwise, ChannelsAroundTurns) {
  for (int64_t in = 1; in <= 36; ++in) check(problem(3, 10, in, 32));
  for (int64_t in : {95, 96, 97, 272, 449}) check(problem(3, 10, in, 24));
}

TEST_F(HalvedPointwise, OutputsAroundPanels) {
  for (int64_t out : {1, 7, 8, 9, 15, 16, 17, 24, 25, 31, 33, 48, 50, 56, 80}) {
    check(problem(5, 12, 17, out));
    check(problem(4, 40, 48, out));
  }
}

TEST_F(HalvedPointwise, AllEnds) {
  for (ActivationKind kind : kKinds)
    for (Residual order : kOrders)
      for (int64_t out : {8, 16, 55}) {
        ConvProblem p = problem(7, 11, 33, out);
        p.activation = example_of(kind);
        p.residual = order;
        check(p);
        check(p, {3, 2, 1}, {2, 5, 3});
        // Several panels of whole tiles together, and what is left of outputs.
        ConvProblem whole = problem(4, 20, 33, 3 * out);
        whole.activation = p.activation;
        whole.residual = order;
        check(whole);
        check(whole, {3, 2, 1}, {2, 5, 3});
      }
}

TEST_F(HalvedPointwise, Strides) {
  for (int64_t out : {8, 16, 32}) {
    ConvProblem p = problem(21, 41, 26, out);
    p.stride_h = p.stride_w = 2;
    check(sized(p, 0), {3, 2, 1});
  }
}

// Bits are those of a pixel, whether it is in a tile or left over: maps that are one row, and rows
// with something between them.
TEST_F(HalvedPointwise, AnyPlaceOfAPixel) {
  for (ActivationKind kind : kKinds)
    for (Residual order : kOrders)
      for (int64_t in : {31, 32, 33, 48}) {
        ConvProblem p = problem(5, 13, in, 40);
        p.activation = example_of(kind);
        p.residual = order;
        for (const ConvKernel* row : {singles_, pairs_}) {
          SCOPED_TRACE(row->name);
          Random random, same;
          const ConvCase dense(p, random), apart(p, same, {0, 4, 0});
          EXPECT_TRUE(near(dense.run(*row, 1), apart.run(*row, 1), 0)) << describe(p);
        }
      }
}

// Sums that are not numbers, and infinite ones, go the way that the compiler's tiles go.
TEST_F(HalvedPointwise, WhatIsNoNumber) {
  for (ActivationKind kind : kKinds)
    for (float value : {__builtin_nanf(""), __builtin_inff(), -__builtin_inff()}) {
      ConvProblem p = problem(2, 15, 9, 24);
      p.activation = example_of(kind);
      p.residual = Residual::kNone;
      const ConvCase test(p, random_);
      test.input().at(0, 4)[2] = value;
      test.input().at(1, 14)[8] = value;
      const std::vector<float> expected = test.run(*others_, 1), result = test.run(*singles_, 1);
      ASSERT_EQ(expected.size(), result.size());
      EXPECT_EQ(std::memcmp(expected.data(), result.data(), expected.size() * sizeof(float)), 0);
    }
}

}  // namespace
}  // namespace shrike::kernels
