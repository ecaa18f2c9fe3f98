// Convolutions with pooling against the same rows without it, and the pooling's formula.
#include "kernels/conv/conv_pool.h"

#include <gtest/gtest.h>

#include <cstring>

#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

const ConvKernel& row_of(const ConvPoolKernel& form) {
  for (const ConvKernel& row : conv_kernels())
    if (std::strcmp(row.name, form.row) == 0) return row;
  ADD_FAILURE() << "no row " << form.row;
  return conv_kernels().back();
}

// Whether the row can compute it, were it chosen or not.
bool takes(const ConvKernel& row, const ConvProblem& problem) {
  if (!can_run(row.need)) return false;
  const char* reason = row.refuse(problem);
  return !reason || std::strstr(reason, "faster") || std::strstr(reason, "round");
}

std::vector<float> run(const ConvProblem& p, const ConvKernel& row, decltype(ConvKernel::run) run,
                       const ConstMapView& input, const TestMap& like, int threads,
                       const std::vector<float>& weights, const std::vector<float>& bias) {
  TestMap output(like);
  ThreadPool pool(threads);
  const PackedConv packed = row.pack(p, weights.data(), bias.data());
  AlignedScratch scratch(row.scratch_bytes(p, threads));
  run(p, packed, {input, output.view(), {}}, pool, scratch.span());
  return output.values();
}

// Returns how many forms took it.
int check(const ConvProblem& p, Random& random) {
  SCOPED_TRACE(describe(p));
  const std::vector<float> weights = random.reals(p.weight_count());
  const std::vector<float> bias = random.reals(p.out_channels);
  TestMap input(p.in_height, p.in_width, p.in_channels, 3, 2, 1);
  input.fill(random);
  int taken = 0;
  for (const ConvPoolKernel& form : conv_pool_kernels()) {
    const ConvKernel& row = row_of(form);
    if (form.refuse(p) || !takes(row, p)) continue;
    SCOPED_TRACE(form.row);
    ++taken;
    TestMap whole(p.out_height, p.out_width, p.out_channels);
    ThreadPool pool(1);
    AlignedScratch scratch(row.scratch_bytes(p, 1));
    row.run(p, row.pack(p, weights.data(), bias.data()), {input.view(), whole.view(), {}}, pool,
            scratch.span());
    TestMap expected(p.out_height / 2, p.out_width / 2, p.out_channels, 2, 5, 3);
    const TestMap like(expected);
    for (int64_t y = 0; y < p.out_height / 2; ++y)
      for (int64_t x = 0; x < p.out_width / 2; ++x)
        for (int64_t o = 0; o < p.out_channels; ++o) {
          const auto at = [&](int64_t i, int64_t j) {
            return whole.view().at(2 * y + i, 2 * x + j)[o];
          };
          expected.view().at(y, x)[o] =
              std::max(std::max(at(0, 0), at(0, 1)), std::max(at(1, 0), at(1, 1)));
        }
    for (int threads : {1, 3})
      EXPECT_TRUE(near(expected.values(),
                       run(p, row, form.run, input.view(), like, threads, weights, bias), 0));
  }
  return taken;
}

TEST(ConvPool, SameBitsAsApart) {
  Random random;
  int taken = 0;
  for (const Activation& activation :
       {Activation{ActivationKind::kNone, 0, 0}, Activation{ActivationKind::kRelu, 0, 0},
        Activation{ActivationKind::kLeakyRelu, 0.1f, 0}})
    for (int64_t out : {1, 16, 17, 32, 40, 64})
      for (int64_t size : {16, 20, 26, 44}) {
        for (int64_t in : {3, 16, 40}) {
          ConvProblem p = square(size, in, out, 3, 1, 1);
          p.in_width = size + 4 * random.integer(0, 3) + 2 * random.integer(0, 1);
          p.activation = activation;
          taken += check(sized(p, 1), random);
        }
        if (HasFailure()) return;
      }
  EXPECT_GT(taken, cpu_features().avx2_fma ? 100 : 50);
}

// First layers whose rows are computed in several pieces.
TEST(ConvPool, PiecesOfRows) {
  Random random;
  int taken = 0, forms = 0;
  for (const ConvPoolKernel& form : conv_pool_kernels())
    forms += std::strstr(form.row, "stem") && can_run(row_of(form).need) ? 1 : 0;
  for (int64_t width : {126, 128, 200, 320}) {
    ConvProblem p = square(8, 3, 40, 3, 1, 1);
    p.in_width = width;
    taken += check(sized(p, 1), random);
  }
  EXPECT_GE(taken, 4 * forms);
}

TEST(ConvPool, RefusesWhatTurnsAnOrderRound) {
  ConvProblem p = square(16, 16, 16, 3, 1, 1);
  for (const ConvPoolKernel& form : conv_pool_kernels()) {
    p.activation = {ActivationKind::kLeakyRelu, 0.1f, 0};
    EXPECT_EQ(form.refuse(p), nullptr);
    p.activation.alpha = -1;
    EXPECT_NE(form.refuse(p), nullptr);
    p.activation = {ActivationKind::kSilu, 0, 0};
    EXPECT_NE(form.refuse(p), nullptr);
    p.activation = {};
    p.residual = Residual::kAfterActivation;
    EXPECT_NE(form.refuse(p), nullptr);
    p.residual = Residual::kNone;
    p.out_height = 15;
    EXPECT_NE(form.refuse(p), nullptr);
    p.out_height = 16;
  }
}

TEST(ConvPool, GoesWithTheRowThatIsChosen) {
  const ConvProblem p = square(52, 32, 64, 3, 1, 1);
  const ConvKernel& row = *select_kernel(conv_kernels(), p).kernel;
  const ConvPoolKernel* form = conv_pool_form(row, p);
  ASSERT_NE(form, nullptr) << row.name;
  EXPECT_STREQ(form->row, row.name);
  EXPECT_EQ(conv_pool_form(conv_kernels().back(), p), nullptr);
}

}  // namespace
}  // namespace shrike::kernels
