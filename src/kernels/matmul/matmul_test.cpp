#include "kernels/matmul/matmul.h"

#include <gtest/gtest.h>

#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

struct Case {
  MatmulProblem problem;
  bool transpose_a = false, transpose_b = false, spread = false, shared_b = false, bias = false;
};

MatrixOperand operand(int64_t rows, int64_t cols, bool transposed, bool spread) {
  const int64_t step = spread ? 2 : 1;
  const int64_t across = transposed ? rows + 1 : cols + 3;
  MatrixOperand m{nullptr, (transposed ? cols : rows) * across * step + 5, across * step, step};
  if (transposed) std::swap(m.row_stride, m.col_stride);
  return m;
}

void check(const Case& c, Random& random) {
  const MatmulProblem& p = c.problem;
  MatmulOperands o;
  o.a = operand(p.m, p.k, c.transpose_a, c.spread);
  o.b = operand(p.k, p.n, c.transpose_b, c.spread);
  const std::vector<float> a = random.reals(o.a.batch_stride * p.batch + 1);
  const std::vector<float> b = random.reals(o.b.batch_stride * p.batch + 1);
  const std::vector<float> bias = random.reals(p.n);
  o.a.data = a.data() + 1;
  o.b.data = b.data() + 1;
  if (c.shared_b) o.b.batch_stride = 0;
  if (c.bias) o.bias = bias.data();
  o.c_row_stride = p.n + 2;
  o.c_batch_stride = o.c_row_stride * p.m + 1;
  const auto run = [&](const MatmulKernel& kernel, int threads) {
    std::vector<float> out(static_cast<size_t>(o.c_batch_stride * p.batch), kUntouched);
    MatmulOperands mine = o;
    mine.c = out.data();
    ThreadPool pool(threads);
    AlignedScratch scratch(kernel.scratch_bytes(p, threads));
    kernel.run(p, mine, pool, scratch.span());
    return out;
  };
  const std::vector<float> expected = run(matmul_kernels().back(), 1);
  for (const MatmulKernel& kernel : matmul_kernels()) {
    if (cpu_lacks(kernel.need, cpu_features())) continue;
    const std::vector<float> one = run(kernel, 1);
    ASSERT_TRUE(near(expected, one, 2 * sum_tolerance(p.k)))
        << kernel.name << " " << p.batch << "x" << p.m << "x" << p.n << "x" << p.k;
    ASSERT_TRUE(near(one, run(kernel, 3), 0)) << kernel.name;
  }
}

TEST(Matmul, ReferenceByHand) {
  const std::vector<float> a{1, 2, 3, 4}, b{5, 6, 7, 8}, bias{100, 200};
  std::vector<float> c(4);
  MatmulProblem p{1, 2, 2, 2, 2.0f, {}};
  MatmulOperands o{{a.data(), 0, 2, 1}, {b.data(), 0, 2, 1}, bias.data(), c.data(), 0, 2};
  ThreadPool pool(1);
  matmul_kernels().back().run(p, o, pool, {});
  EXPECT_EQ(c, (std::vector<float>{138, 244, 186, 300}));
}

TEST(Matmul, SizesAroundTiles) {
  Random random;
  for (int64_t m : {1, 5, 6, 7, 13, 50})
    for (int64_t n : {1, 15, 16, 17, 33})
      for (int64_t k : {1, 2, 31}) check({{1, m, n, k, 1, {}}}, random);
}

TEST(Matmul, EveryLayout) {
  Random random;
  for (int bits = 0; bits < 32; ++bits) {
    Case c{{3, 11, 21, 9, 1, {}}};
    c.transpose_a = bits & 1;
    c.transpose_b = bits & 2;
    c.spread = bits & 4;
    c.shared_b = bits & 8;
    c.bias = bits & 16;
    c.problem.alpha = bits & 1 ? 0.25f : 1.0f;
    c.problem.activation.kind = bits & 2 ? ActivationKind::kRelu : ActivationKind::kNone;
    check(c, random);
  }
}

TEST(Matmul, EmptyInnerDimensionLeavesTheBias) {
  Random random;
  Case c{{2, 3, 5, 0, 1, {}}};
  c.bias = true;
  check(c, random);
}

TEST(Matmul, Attention) {
  Random random;
  Case scores{{2, 100, 100, 32, 0.1767767f, {}}};
  scores.transpose_a = true;
  check(scores, random);
  Case values{{2, 64, 100, 100, 1, {}}};
  values.transpose_b = true;
  check(values, random);
}

}  // namespace
}  // namespace shrike::kernels
