// Panels of 1x1 convolutions against the same rows of the table, to the last bit.
#include "kernels/conv/conv_panels.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

// All panels of a problem, each part of their rows in a map of its own, are the channels of the
// whole, and nothing else is written.
void check(const ConvKernel& row, const ConvPanelsKernel& form, const ConvProblem& p, int64_t gap,
           Random& random) {
  SCOPED_TRACE(describe(p));
  const std::vector<float> weights = random.reals(p.weight_count());
  const std::vector<float> bias = random.reals(p.out_channels);
  TestMap input(p.in_height, p.in_width, p.in_channels, gap, gap, 1);
  input.fill(random);
  const PackedConv packed = row.pack(p, weights.data(), bias.data());
  ThreadPool one(1), three(3);
  TestMap whole(p.out_height, p.out_width, p.out_channels);
  AlignedScratch own(row.scratch_bytes(p, 1));
  row.run(p, packed, {input.view(), whole.view(), {}}, one, own.span());
  for (ThreadPool* pool : {&one, &three}) {
    AlignedScratch shared(form.scratch_bytes(p));
    form.prepare(p, packed, input.view(), *pool, shared.span().data());
    const int64_t columns = form.columns(p);
    for (int64_t first = 0; first < p.out_channels; first += columns)
      for (const auto& [begin, end] : {std::pair<int64_t, int64_t>{0, p.out_height},
                                       {p.out_height / 2, p.out_height},
                                       {p.out_height / 3, p.out_height / 3 + 1}}) {
        const int64_t count = std::min(columns, p.out_channels - first);
        // With rows apart, and without, as they are in a network.
        for (TestMap panel : {TestMap(end - begin, p.out_width, count, 1, 2, 3),
                              TestMap(end - begin, p.out_width, count)}) {
          TestMap expected(panel);
          form.run(p, packed, input.view(), first / columns, begin, end, panel.view(),
                   shared.span().data());
          for (int64_t y = begin; y < end; ++y)
            for (int64_t x = 0; x < p.out_width; ++x)
              std::copy_n(whole.view().at(y, x) + first, count, expected.view().at(y - begin, x));
          EXPECT_TRUE(near(expected.values(), panel.values(), 0))
              << first << ", rows from " << begin;
        }
      }
  }
}

TEST(ConvPanels, AreTheChannelsOfTheWhole) {
  Random random;
  int checked = 0;
  for (const ConvPanelsKernel& form : conv_panels_kernels()) {
    const ConvKernel* row = nullptr;
    for (const ConvKernel& other : conv_kernels())
      if (std::strcmp(other.name, form.row) == 0) row = &other;
    ASSERT_NE(row, nullptr) << form.row;
    if (!can_run(row->need)) continue;
    SCOPED_TRACE(form.row);
    for (const int64_t inputs : {7, 64, 97, 200, 1024})
      for (const int64_t outputs : {33, 64, 80, 100, 112, 150})
        for (const int64_t size : {1, 9, 13}) {
          ConvProblem p = square(size, inputs, outputs, 1, 1, 0);
          p.activation.kind = ActivationKind::kSilu;
          p.by_estimate = false;
          if (std::strstr(form.row, "bfloat16")) p.precision = Precision::kBfloat16;
          if (row->refuse(p)) continue;
          ASSERT_EQ(conv_panels_form(*row, p), &form);
          for (const int64_t gap : {0, 3}) check(*row, form, p, gap, random);
          ++checked;
        }
  }
#if SHRIKE_KERNELS_AVX2
  if (can_run(CpuNeed::kAvx2Fma)) {
    EXPECT_GT(checked, 20);
  }
#endif
}

TEST(ConvPanels, NotWithAMapAStrideOrPadding) {
  for (const ConvKernel& row : conv_kernels()) {
    ConvProblem p = square(9, 32, 64, 1, 2, 0);
    EXPECT_EQ(conv_panels_form(row, p), nullptr);
    EXPECT_EQ(conv_panels_form(row, square(9, 32, 64, 1, 1, 1)), nullptr);
    EXPECT_EQ(conv_panels_form(row, sized(square(9, 32, 64, 1, 1, 0), 2)), nullptr);
    p = square(9, 32, 64, 1, 1, 0);
    p.residual = Residual::kAfterActivation;
    EXPECT_EQ(conv_panels_form(row, p), nullptr);
  }
}

}  // namespace
}  // namespace shrike::kernels
