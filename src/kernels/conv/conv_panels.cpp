#include "kernels/conv/conv_panels.h"

#include <cstring>

#include "kernels/conv/pointwise.h"
#include "kernels/conv/pointwise_pairs.h"
#include "kernels/conv/split.h"

namespace shrike::kernels {

namespace {

#if SHRIKE_KERNELS_AVX2

template <const PointwiseKernel& kKernel, int64_t kColumns>
constexpr ConvPanelsKernel pointwise_form(const char* row) {
  return {
      row, [](const ConvProblem&) { return kColumns; },
      [](const ConvProblem&) { return size_t{0}; },
      [](const ConvProblem&, const PackedConv&, const ConstMapView&, ThreadPool&, std::byte*) {},
      [](const ConvProblem& problem, const PackedConv& packed, const ConstMapView& input,
         int64_t panel, int64_t first, int64_t last, const MapView& output, const std::byte*) {
        pointwise_panel(kKernel, problem, packed, input, panel, first, last, output);
      }};
}

template <const PointwisePairs& kPairs, int64_t kColumns>
constexpr ConvPanelsKernel pairs_form(const char* row) {
  return {
      row, [](const ConvProblem&) { return kColumns; },
      [](const ConvProblem& problem) { return pointwise_pairs_shared_bytes(kPairs, problem); },
      [](const ConvProblem& problem, const PackedConv& packed, const ConstMapView& input,
         ThreadPool& pool, std::byte* scratch) {
        pointwise_pairs_prepare(kPairs, problem, packed, input, pool, scratch);
      },
      [](const ConvProblem& problem, const PackedConv&, const ConstMapView& input, int64_t panel,
         int64_t first, int64_t last, const MapView& output, const std::byte* scratch) {
        pointwise_pairs_panel(kPairs, problem, input, panel, first, last, output, scratch);
      }};
}

template <const SplitKernel& kKernel>
constexpr ConvPanelsKernel split_form(const char* row) {
  return {
      row,
      [](const ConvProblem& problem) { return split_panel_columns(kKernel, problem); },
      [](const ConvProblem& problem) { return split_shared_bytes(kKernel, problem); },
      [](const ConvProblem& problem, const PackedConv&, const ConstMapView& input, ThreadPool& pool,
         std::byte* scratch) { split_prepare(kKernel, problem, input, pool, scratch); },
      [](const ConvProblem& problem, const PackedConv& packed, const ConstMapView& input,
         int64_t panel, int64_t first, int64_t last, const MapView& output,
         const std::byte* scratch) {
        split_panel(kKernel, problem, packed, input, panel, first, last, output, scratch);
      },
      true};
}

constexpr ConvPanelsKernel kConvPanelsKernels[] = {
    split_form<kSplitAmx>("amx_split"),
    split_form<kBfloat16Amx>("amx_bfloat16"),
    pairs_form<kQuadPointwisePairsAvx512, 64>("avx512_quad_pointwise_pairs"),
    pairs_form<kTriplePointwisePairsAvx512, 48>("avx512_triple_pointwise_pairs"),
    pairs_form<kWidePointwisePairsAvx512, 32>("avx512_wide_pointwise_pairs"),
    pairs_form<kPointwisePairsAvx512, 16>("avx512_pointwise_pairs"),
    pointwise_form<kTriplePointwiseAvx512, 48>("avx512_triple_pointwise"),
    pointwise_form<kWidePointwiseAvx512, 32>("avx512_wide_pointwise"),
    pointwise_form<kHalvedPointwiseAvx512, 16>("avx512_halved_pointwise"),
    pointwise_form<kPointwiseAvx512, 16>("avx512_pointwise"),
    pointwise_form<kPointwiseAvx2, 16>("avx2_pointwise"),
};

#else

constexpr std::span<const ConvPanelsKernel> kConvPanelsKernels;

#endif

}  // namespace

std::span<const ConvPanelsKernel> conv_panels_kernels() { return kConvPanelsKernels; }

const ConvPanelsKernel* conv_panels_form(const ConvKernel& row, const ConvProblem& problem) {
  if (problem.residual != Residual::kNone || !problem.pixel_by_pixel()) return nullptr;
  for (const ConvPanelsKernel& form : conv_panels_kernels())
    if (std::strcmp(form.row, row.name) == 0)
      return problem.half > 0 && row.adds_halves && !form.adds_halves ? nullptr : &form;
  return nullptr;
}

}  // namespace shrike::kernels
