#include "kernels/conv/conv_panels.h"

#include <cstring>

#include "kernels/conv/pointwise.h"
#include "kernels/conv/pointwise_pairs.h"
#include "kernels/conv/split.h"

namespace shrike::kernels {

namespace {

#if SHRIKE_KERNELS_AVX2

template <const PointwiseKernel& kKernel>
constexpr ConvPanelsKernel pointwise_form(const char* row, int64_t columns) {
  return {
      row, columns, [](const ConvProblem&) { return size_t{0}; },
      [](const ConvProblem&, const PackedConv&, const ConstMapView&, ThreadPool&, std::byte*) {},
      [](const ConvProblem& problem, const PackedConv& packed, const ConstMapView& input,
         int64_t panel, int64_t first, int64_t last, const MapView& output, const std::byte*) {
        pointwise_panel(kKernel, problem, packed, input, panel, first, last, output);
      }};
}

template <const PointwisePairs& kPairs>
constexpr ConvPanelsKernel pairs_form(const char* row, int64_t columns) {
  return {
      row, columns,
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
      row, kSplitColumns,
      [](const ConvProblem& problem) { return split_shared_bytes(kKernel, problem); },
      [](const ConvProblem& problem, const PackedConv&, const ConstMapView& input, ThreadPool& pool,
         std::byte* scratch) { split_prepare(kKernel, problem, input, pool, scratch); },
      [](const ConvProblem& problem, const PackedConv& packed, const ConstMapView&, int64_t panel,
         int64_t first, int64_t last, const MapView& output, const std::byte* scratch) {
        split_panel(kKernel, problem, packed, panel, first, last, output, scratch);
      }};
}

constexpr ConvPanelsKernel kConvPanelsKernels[] = {
    split_form<kSplitAmx>("amx_split"),
    split_form<kBfloat16Amx>("amx_bfloat16"),
    pairs_form<kQuadPointwisePairsAvx512>("avx512_quad_pointwise_pairs", 64),
    pairs_form<kTriplePointwisePairsAvx512>("avx512_triple_pointwise_pairs", 48),
    pairs_form<kWidePointwisePairsAvx512>("avx512_wide_pointwise_pairs", 32),
    pairs_form<kPointwisePairsAvx512>("avx512_pointwise_pairs", 16),
    pointwise_form<kTriplePointwiseAvx512>("avx512_triple_pointwise", 48),
    pointwise_form<kWidePointwiseAvx512>("avx512_wide_pointwise", 32),
    pointwise_form<kPointwiseAvx512>("avx512_pointwise", 16),
    pointwise_form<kPointwiseAvx2>("avx2_pointwise", 16),
};

#else

constexpr std::span<const ConvPanelsKernel> kConvPanelsKernels;

#endif

}  // namespace

std::span<const ConvPanelsKernel> conv_panels_kernels() { return kConvPanelsKernels; }

const ConvPanelsKernel* conv_panels_form(const ConvKernel& row, const ConvProblem& problem) {
  if (problem.residual != Residual::kNone || !problem.pixel_by_pixel()) return nullptr;
  for (const ConvPanelsKernel& form : conv_panels_kernels())
    if (std::strcmp(form.row, row.name) == 0) return &form;
  return nullptr;
}

}  // namespace shrike::kernels
