#include <gtest/gtest.h>

#include "kernels/elementwise/broadcast.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

constexpr BinaryOp kOps[] = {BinaryOp::kAdd, BinaryOp::kSub, BinaryOp::kMul, BinaryOp::kDiv,
                             BinaryOp::kMax, BinaryOp::kMin, BinaryOp::kPow};

float apply(BinaryOp op, float a, float b) {
  switch (op) {
    case BinaryOp::kAdd:
      return a + b;
    case BinaryOp::kSub:
      return a - b;
    case BinaryOp::kMul:
      return a * b;
    case BinaryOp::kDiv:
      return a / b;
    case BinaryOp::kMax:
      return std::fmax(a, b);
    case BinaryOp::kMin:
      return std::fmin(a, b);
    case BinaryOp::kPow:
      return std::pow(a, b);
  }
  return 0;
}

TEST(Binary, OperandsOfEveryForm) {
  Random random;
  ThreadPool one(1), three(3);
  const int64_t rows = 5;
  for (int64_t length : {1, 7, 8, 9, 17, 18000}) {
    const int64_t stride = length + 2;
    const std::vector<float> a = random.reals(rows * stride, 0.5f, 2);
    const std::vector<float> b = random.reals(rows * stride, 0.5f, 2);
    const BinaryOperand forms[] = {
        {nullptr, stride, 1}, {nullptr, 0, 1}, {nullptr, 0, 0}, {nullptr, stride, 0}};
    for (BinaryOp op : kOps)
      for (BinaryOperand left : forms)
        for (BinaryOperand right : forms) {
          left.data = a.data();
          right.data = b.data();
          std::vector<float> expected(a.size(), kUntouched);
          for (int64_t r = 0; r < rows; ++r)
            for (int64_t i = 0; i < length; ++i)
              expected[static_cast<size_t>(r * stride + i)] =
                  apply(op, left.data[r * left.row_stride + i * left.step],
                        right.data[r * right.row_stride + i * right.step]);
          for (const BinaryKernel& kernel : binary_kernels()) {
            if (cpu_lacks(kernel.need, cpu_features())) continue;
            if (kernel.refuse && kernel.refuse(op)) continue;
            std::vector<float> out(a.size(), kUntouched);
            kernel.run(op, left, right, {out.data(), rows, length, stride},
                       length % 2 ? three : one);
            ASSERT_TRUE(near(expected, out, 1e-6f))
                << kernel.name << " op " << static_cast<int>(op) << " length " << length;
          }
        }
  }
}

// As an anchor beside boxes, or channels' means beside pixels.
TEST(Binary, OneShortRowForAll) {
  Random random;
  ThreadPool pool(3);
  for (const int64_t length : {1, 2, 3, 16, 63, 64, 65})
    for (const int64_t rows : {2, 5, 129, 20000}) {
      const std::vector<float> many = random.reals(rows * length, 0.5f, 2);
      const std::vector<float> row = random.reals(length, 0.5f, 2);
      const BinaryOperand all{many.data(), length, 1}, one{row.data(), 0, 1};
      for (const bool left : {false, true})
        for (const BinaryKernel& kernel : binary_kernels()) {
          if (cpu_lacks(kernel.need, cpu_features())) continue;
          std::vector<float> out(many.size() + 1, kUntouched);
          kernel.run(BinaryOp::kDiv, left ? one : all, left ? all : one,
                     {out.data(), rows, length, length}, pool);
          for (size_t i = 0; i < many.size(); ++i) {
            const float other = row[i % row.size()];
            ASSERT_EQ(out[i], left ? other / many[i] : many[i] / other)
                << kernel.name << ", " << rows << " x " << length << ", " << i
                << "; SHRIKE_SEED=" << test_seed();
          }
          EXPECT_EQ(out.back(), kUntouched);
        }
    }
}

TEST(Binary, PowersWithOneExponent) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Random random;
  ThreadPool pool(2);
  std::vector<float> x = random.reals(43, -3, 3);
  for (float odd : {0.0f, -0.0f, kInfinity, -kInfinity, std::nanf(""), 1e30f, 1e-30f, -1.0f})
    x.push_back(odd);
  const auto length = static_cast<int64_t>(x.size());
  for (float exponent : {2.0f, 3.0f, 0.5f, -0.5f, -1.0f, 0.0f, 1.0f, 2.5f, -2.0f})
    for (const BinaryKernel& kernel : binary_kernels()) {
      if (cpu_lacks(kernel.need, cpu_features())) continue;
      std::vector<float> out(x.size(), kUntouched);
      kernel.run(BinaryOp::kPow, {x.data(), length, 1}, {&exponent, 0, 0},
                 {out.data(), 1, length, length}, pool);
      for (size_t i = 0; i < x.size(); ++i) {
        const float expected = std::pow(x[i], exponent);
        SCOPED_TRACE(std::to_string(x[i]) + " to the " + std::to_string(exponent));
        EXPECT_EQ(std::isnan(out[i]), std::isnan(expected));
        if (std::isnan(expected)) continue;
        EXPECT_EQ(std::signbit(out[i]), std::signbit(expected));
        // Two roundings, and those of pow() itself.
        if (out[i] == expected) continue;
        EXPECT_NEAR(out[i] / expected, 1, 3e-7) << kernel.name;
      }
    }
}

TEST(Binary, DenseRowsInPlace) {
  Random random;
  ThreadPool pool(2);
  const std::vector<float> a = random.reals(60), b = random.reals(60);
  for (const BinaryKernel& kernel : binary_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features())) continue;
    std::vector<float> sum = a;
    kernel.run(BinaryOp::kAdd, {sum.data(), 10, 1}, {b.data(), 10, 1}, {sum.data(), 6, 10, 10},
               pool);
    for (size_t i = 0; i < 60; ++i) EXPECT_EQ(sum[i], a[i] + b[i]);
  }
}

// Element of a view by its indices.
template <typename T>
T& at(const BasicStridedView<T>& view, const Extents& index) {
  int64_t offset = 0;
  for (size_t d = 0; d < static_cast<size_t>(view.rank); ++d) offset += index[d] * view.strides[d];
  return view.data[offset];
}

TEST(Broadcast, RandomShapes) {
  Random random;
  ThreadPool pool(3);
  for (int round = 0; round < 300; ++round) {
    const int rank = static_cast<int>(random.integer(0, kMaxRank));
    Extents dims{}, dims_a{}, dims_b{};
    for (size_t d = 0; d < static_cast<size_t>(rank); ++d) {
      dims[d] = random.integer(1, 4);
      dims_a[d] = random.integer(0, 2) ? dims[d] : 1;
      dims_b[d] = random.integer(0, 2) ? dims[d] : 1;
    }
    const ConstStridedView shape_a = dense_view<const float>(nullptr, rank, dims_a);
    const ConstStridedView shape_b = dense_view<const float>(nullptr, rank, dims_b);
    const std::vector<float> a = random.reals(shape_a.count(), 0.5f, 2);
    const std::vector<float> b = random.reals(shape_b.count(), 0.5f, 2);
    const auto left = broadcast_to(dense_view(a.data(), rank, dims_a), rank, dims);
    const auto right = broadcast_to(dense_view(b.data(), rank, dims_b), rank, dims);
    StridedView out = dense_view<float>(nullptr, rank, dims);
    std::vector<float> values(static_cast<size_t>(out.count()) * 2);
    out.data = values.data();
    if (round % 3 == 0)  // an output with gaps
      for (int64_t& stride : out.strides) stride *= 2;
    const BinaryOp op = kOps[static_cast<size_t>(random.integer(0, 6))];
    binary_broadcast(op, left, right, out, pool);
    for (int64_t i = 0; i < out.count(); ++i) {
      Extents index{};
      int64_t rest = i;
      for (int d = rank - 1; d >= 0; --d) {
        index[static_cast<size_t>(d)] = rest % dims[static_cast<size_t>(d)];
        rest /= dims[static_cast<size_t>(d)];
      }
      ASSERT_NEAR(at(out, index), apply(op, at(left, index), at(right, index)), 1e-5)
          << "round " << round << "; SHRIKE_SEED=" << test_seed();
    }
  }
}

TEST(Broadcast, MissingLeadingDimensionsAndEmptyTensors) {
  const std::vector<float> a{1, 2, 3, 4, 5, 6}, b{10, 20, 30};
  std::vector<float> out(6);
  ThreadPool pool(1);
  const Extents dims{2, 3};
  binary_broadcast(BinaryOp::kAdd, dense_view(a.data(), 2, dims),
                   broadcast_to(dense_view(b.data(), 1, Extents{3}), 2, dims),
                   dense_view(out.data(), 2, dims), pool);
  EXPECT_EQ(out, (std::vector<float>{11, 22, 33, 14, 25, 36}));
  const Extents none{0, 3};
  binary_broadcast(BinaryOp::kAdd, dense_view(a.data(), 2, none), dense_view(a.data(), 2, none),
                   dense_view(out.data(), 2, none), pool);
  EXPECT_EQ(out[0], 11);
}

}  // namespace
}  // namespace shrike::kernels
