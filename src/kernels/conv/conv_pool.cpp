#include "kernels/conv/conv_pool.h"

#include <cstring>

#include "kernels/conv/stem.h"
#include "kernels/conv/stem_winograd.h"
#include "kernels/winograd/lean.h"
#include "kernels/winograd/pairs.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

// Rounding does not change the order of two products with the same factor.
bool keeps_order(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::kNone:
    case ActivationKind::kRelu:
      return true;
    case ActivationKind::kLeakyRelu:
      return activation.alpha >= 0 && activation.alpha <= 1;
    default:
      return false;
  }
}

template <int kTile>
const char* refuse(const ConvProblem& p) {
  if (p.residual != Residual::kNone) return "with a residual";
  if (!keeps_order(p.activation)) return "an activation that may turn an order round";
  if (p.out_height % kTile != 0 || p.out_width % kTile != 0) return "windows of two tiles";
  return nullptr;
}

template <const StemWinograd& kStem>
constexpr ConvPoolKernel stem_winograd_form(const char* row) {
  return {row, refuse<2>,
          [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
             ThreadPool& pool, std::span<std::byte> scratch) {
            stem_winograd_run(kStem, problem, packed, picture_of(maps.input), maps.output, pool,
                              scratch, true);
          }};
}

template <const StemKernel& kStem>
constexpr ConvPoolKernel stem_form(const char* row) {
  return {row, refuse<2>,
          [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
             ThreadPool& pool, std::span<std::byte>) {
            stem_run(kStem, problem, packed, picture_of(maps.input), maps.output, pool, true);
          }};
}

template <const WinogradKernel& kKernel>
constexpr ConvPoolKernel winograd_form(const char* row) {
  return {row, refuse<4>,
          [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
             ThreadPool& pool, std::span<std::byte> scratch) {
            winograd_run(kKernel, problem, packed, maps, pool, scratch, true);
          }};
}

template <const LeanWinograd& kLean>
constexpr ConvPoolKernel lean_winograd_form(const char* row) {
  return {row, refuse<4>,
          [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
             ThreadPool& pool, std::span<std::byte> scratch) {
            lean_winograd_run(kLean, problem, packed, maps, pool, scratch, true);
          }};
}

template <const WinogradPairs& kPairs>
constexpr ConvPoolKernel winograd_pairs_form(const char* row) {
  return {row, refuse<4>,
          [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
             ThreadPool& pool, std::span<std::byte> scratch) {
            winograd_pairs_run(kPairs, problem, packed, maps, pool, scratch, true);
          }};
}

constexpr ConvPoolKernel kConvPoolKernels[] = {
#if SHRIKE_KERNELS_AVX2
    stem_winograd_form<kStemWinogradAvx512>("avx512_stem_winograd"),
    stem_form<kStemAvx512>("avx512_stem"),
    stem_form<kStemAvx2>("avx2_stem"),
    winograd_pairs_form<kWideWinogradPairs4Avx512>("avx512_wide_winograd_pairs_4x4"),
    winograd_pairs_form<kWinogradPairs4Avx512>("avx512_winograd_pairs_4x4"),
    lean_winograd_form<kLeanWinograd4Avx512>("avx512_lean_winograd_4x4"),
    winograd_form<kWinograd4Avx512>("avx512_winograd_4x4"),
    lean_winograd_form<kLeanWinograd4Avx2>("avx2_lean_winograd_4x4"),
    winograd_form<kWinograd4Avx2>("avx2_winograd_4x4"),
#endif
    winograd_form<kWinograd4Plain>("winograd_4x4"),
};

}  // namespace

std::span<const ConvPoolKernel> conv_pool_kernels() { return kConvPoolKernels; }

const ConvPoolKernel* conv_pool_form(const ConvKernel& row, const ConvProblem& problem) {
  for (const ConvPoolKernel& form : kConvPoolKernels)
    if (std::strcmp(form.row, row.name) == 0 && !form.refuse(problem)) return &form;
  return nullptr;
}

}  // namespace shrike::kernels
