#include "kernels/conv/conv.h"

#include "base/tensor.h"
#include "kernels/conv/bfloat16.h"
#include "kernels/conv/depthwise.h"
#include "kernels/conv/depthwise_sweep.h"
#include "kernels/conv/depthwise_winograd.h"
#include "kernels/conv/focus.h"
#include "kernels/conv/grouped.h"
#include "kernels/conv/igemm.h"
#include "kernels/conv/pair_halves.h"
#include "kernels/conv/pointwise.h"
#include "kernels/conv/pointwise_few.h"
#include "kernels/conv/pointwise_pairs.h"
#include "kernels/conv/reference.h"
#include "kernels/conv/split.h"
#include "kernels/conv/stem.h"
#include "kernels/conv/stem_winograd.h"
#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/lean.h"
#include "kernels/winograd/lean_pairs.h"
#include "kernels/winograd/pairs.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

template <int64_t kRows>
int64_t rows_of(const ConvProblem&) {
  return kRows;
}

// The same driver with one instruction set's tile.
template <const TileKernel& kTile>
constexpr ConvKernel igemm_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      nullptr,
      1,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        igemm_pack(kTile, problem, weights, bias, packed);
      },
      rows_of<1>,
      [](const ConvProblem& problem) { return igemm_packed_bytes(kTile, problem); },
      direct_cost,
      [](const ConvProblem& problem, int threads) {
        return igemm_scratch_bytes(kTile, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool,
         std::span<std::byte> scratch) { igemm_run(kTile, problem, packed, maps, pool, scratch); },
  };
}

size_t no_scratch(const ConvProblem&, int) { return 0; }

template <const DepthwiseTile& kTile>
constexpr ConvKernel depthwise_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      depthwise_refuse,
      1,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        depthwise_pack(kTile.tile->columns, problem, weights, bias, packed);
      },
      rows_of<1>,
      [](const ConvProblem& problem) {
        return depthwise_packed_bytes(kTile.tile->columns, problem);
      },
      direct_cost,
      no_scratch,
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool,
         std::span<std::byte>) { depthwise_run(kTile, problem, packed, maps, pool); },
  };
}

template <const DepthwiseSweeper& kSweeper>
constexpr ConvKernel depthwise_sweep_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return depthwise_sweep_refuse(kSweeper, problem); },
      1,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        depthwise_pack(kSweeper.lanes, problem, weights, bias, packed);
      },
      rows_of<1>,
      [](const ConvProblem& problem) { return depthwise_packed_bytes(kSweeper.lanes, problem); },
      direct_cost,
      no_scratch,
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool,
         std::span<std::byte>) { depthwise_sweep_run(kSweeper, problem, packed, maps, pool); },
  };
}

// The functions of one header, whose first argument is an instruction set's part of them.
template <const auto& kKernel, auto kRefuse, auto kPack, auto kPackedBytes, auto kRun>
constexpr ConvKernel row_without_scratch(const char* name, CpuNeed need, double rounding = 1) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return kRefuse(kKernel, problem); },
      rounding,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        kPack(kKernel, problem, weights, bias, packed);
      },
      rows_of<1>,
      [](const ConvProblem& problem) { return kPackedBytes(kKernel, problem); },
      direct_cost,
      no_scratch,
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte>) { kRun(kKernel, problem, packed, maps, pool); },
  };
}

template <const DepthwiseWinograd& kKernel>
constexpr ConvKernel depthwise_winograd_row(const char* name, CpuNeed need) {
  return row_without_scratch<kKernel, depthwise_winograd_refuse, depthwise_winograd_pack,
                             depthwise_winograd_packed_bytes, depthwise_winograd_run>(
      name, need, kDepthwiseWinogradRounding);
}

template <const GroupedKernel& kKernel>
constexpr ConvKernel grouped_row(const char* name, CpuNeed need) {
  return row_without_scratch<kKernel, grouped_refuse, grouped_pack, grouped_packed_bytes,
                             grouped_run>(name, need);
}

template <const PointwiseKernel& kKernel>
constexpr ConvKernel pointwise_row(const char* name, CpuNeed need) {
  constexpr auto kRefuse = [](const PointwiseKernel&, const ConvProblem& problem) {
    return pointwise_refuse(problem);
  };
  return row_without_scratch<kKernel, kRefuse, pointwise_pack, pointwise_packed_bytes,
                             pointwise_run>(name, need);
}

template <const PointwiseKernel& kKernel, auto kRefuse>
constexpr ConvKernel wide_pointwise_row(const char* name, CpuNeed need) {
  return row_without_scratch<kKernel, kRefuse, pointwise_pack, pointwise_packed_bytes,
                             pointwise_run>(name, need);
}

template <const PointwiseFew& kFew>
constexpr ConvKernel pointwise_few_row(const char* name, CpuNeed need) {
  return row_without_scratch<kFew, pointwise_few_refuse, pointwise_few_pack,
                             pointwise_few_packed_bytes, pointwise_few_run>(name, need);
}

// kHalved: for processors that compute 512 bits in halves, where looking ahead and sums of halves
// gain.
template <const PointwisePairs& kPairs, bool kHalved = false>
constexpr ConvKernel pointwise_pairs_row(const char* name, CpuNeed need) {
  using Row = PairHalves<kPairs, kHalved>;
  return {
      name,
      need,
      [](const ConvProblem& problem) { return pointwise_pairs_refuse(kPairs, problem); },
      3,
      Row::pack,
      rows_of<0>,
      Row::packed_bytes,
      direct_cost,
      Row::scratch_bytes,
      Row::run,
      kHalved,
      kHalved,
  };
}

template <const StemKernel& kStem>
constexpr ConvKernel stem_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return stem_refuse(kStem, problem); },
      1,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        stem_pack(kStem, problem, weights, bias, packed);
      },
      rows_of<1>,
      [](const ConvProblem& problem) { return stem_packed_bytes(kStem, problem); },
      direct_cost,
      no_scratch,
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte>) {
        stem_run(kStem, problem, packed, picture_of(maps.input), maps.output, pool);
      },
  };
}

template <const StemWinograd& kStem>
constexpr ConvKernel stem_winograd_row(const char* name, CpuNeed need, double rounding) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return stem_winograd_refuse(kStem, problem); },
      rounding,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        stem_winograd_pack(kStem, problem, weights, bias, packed);
      },
      rows_of<8>,
      [](const ConvProblem& problem) { return stem_winograd_packed_bytes(kStem, problem); },
      direct_cost,
      stem_winograd_scratch_bytes,
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        stem_winograd_run(kStem, problem, packed, picture_of(maps.input), maps.output, pool,
                          scratch);
      },
  };
}

template <const FocusKernel& kKernel>
constexpr ConvKernel focus_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      focus_refuse,
      kFocusRounding,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        focus_pack(kKernel, problem, weights, bias, packed);
      },
      rows_of<kFocusTile>,
      focus_packed_bytes,
      focus_cost,
      [](const ConvProblem& problem, int threads) {
        return focus_scratch_bytes(kKernel, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        focus_run(kKernel, problem, packed, picture_of(maps.input), maps.output, pool, scratch);
      },
  };
}

template <const Bfloat16Kernel& kKernel>
constexpr ConvKernel bfloat16_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return bfloat16_refuse(kKernel, problem); },
      1,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        bfloat16_pack(kKernel, problem, weights, bias, packed);
      },
      rows_of<1>,
      [](const ConvProblem& problem) { return bfloat16_packed_bytes(kKernel, problem); },
      bfloat16_cost,
      [](const ConvProblem& problem, int threads) {
        return bfloat16_scratch_bytes(kKernel, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        bfloat16_run(kKernel, problem, packed, maps, pool, scratch);
      },
  };
}

template <const SplitKernel& kKernel>
constexpr ConvKernel split_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return split_refuse(kKernel, problem); },
      1,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        split_pack(kKernel, problem, weights, bias, packed);
      },
      rows_of<1>,
      [](const ConvProblem& problem) { return split_packed_bytes(kKernel, problem); },
      [](const ConvProblem& problem) { return split_cost(kKernel, problem); },
      [](const ConvProblem& problem, int threads) {
        return split_scratch_bytes(kKernel, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        split_run(kKernel, problem, packed, maps, pool, scratch);
      },
      true,
  };
}

template <const WinogradKernel& kKernel>
constexpr ConvKernel winograd_row(const char* name, CpuNeed need, double rounding) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return winograd_refuse(kKernel, problem); },
      rounding,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        winograd_pack(kKernel, problem, weights, bias, packed);
      },
      [](const ConvProblem& problem) { return winograd_tile_rows(*kKernel.algorithm, problem); },
      [](const ConvProblem& problem) { return winograd_packed_bytes(kKernel, problem); },
      [](const ConvProblem& problem) { return winograd_cost(*kKernel.algorithm, problem); },
      [](const ConvProblem& problem, int threads) {
        return winograd_scratch_bytes(kKernel, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        winograd_run(kKernel, problem, packed, maps, pool, scratch);
      },
  };
}

template <const WinogradPairs& kPairs>
constexpr ConvKernel winograd_pairs_row(const char* name, CpuNeed need, double rounding) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return winograd_pairs_refuse(kPairs, problem); },
      rounding * kPairRounding,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        winograd_pairs_pack(kPairs, problem, weights, bias, packed);
      },
      [](const ConvProblem& problem) {
        return winograd_tile_rows(*kPairs.kernel->algorithm, problem);
      },
      [](const ConvProblem& problem) { return winograd_pairs_packed_bytes(kPairs, problem); },
      [](const ConvProblem& problem) {
        return winograd_pairs_cost(*kPairs.kernel->algorithm, kPairs.wide, problem);
      },
      [](const ConvProblem& problem, int threads) {
        return winograd_pairs_scratch_bytes(kPairs, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        winograd_pairs_run(kPairs, problem, packed, maps, pool, scratch);
      },
  };
}

template <const LeanWinograd& kLean>
constexpr ConvKernel lean_winograd_row(const char* name, CpuNeed need, double rounding) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return lean_winograd_refuse(kLean, problem); },
      rounding * kLeanRounding,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        lean_winograd_pack(kLean, problem, weights, bias, packed);
      },
      [](const ConvProblem& problem) {
        return winograd_tile_rows(*kLean.kernel->algorithm, problem);
      },
      [](const ConvProblem& problem) { return lean_winograd_packed_bytes(kLean, problem); },
      [](const ConvProblem& problem) { return lean_winograd_cost(kLean, problem); },
      [](const ConvProblem& problem, int threads) {
        return lean_winograd_scratch_bytes(kLean, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        lean_winograd_run(kLean, problem, packed, maps, pool, scratch);
      },
  };
}

template <const LeanPairs& kLean>
constexpr ConvKernel lean_pairs_row(const char* name, CpuNeed need, double rounding) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return lean_pairs_refuse(kLean, problem); },
      rounding * kPairRounding,
      [](const ConvProblem& problem, const float* weights, const float* bias, float* packed) {
        lean_pairs_pack(kLean, problem, weights, bias, packed);
      },
      [](const ConvProblem& problem) {
        return winograd_tile_rows(*kLean.pairs->kernel->algorithm, problem);
      },
      [](const ConvProblem& problem) { return lean_pairs_packed_bytes(kLean, problem); },
      [](const ConvProblem& problem) { return lean_pairs_cost(kLean, problem); },
      [](const ConvProblem& problem, int threads) {
        return lean_pairs_scratch_bytes(kLean, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        lean_pairs_run(kLean, problem, packed, maps, pool, scratch);
      },
  };
}

constexpr ConvKernel kConvKernels[] = {
#if SHRIKE_KERNELS_AVX2
    depthwise_winograd_row<kDepthwiseWinogradAvx512>("avx512_depthwise_winograd",
                                                     CpuNeed::kAvx512HalvedAdders),
    depthwise_sweep_row<kDepthwiseSweepAvx512>("avx512_depthwise_sweep", CpuNeed::kAvx512),
    depthwise_sweep_row<kDepthwiseSweepAvx2>("avx2_depthwise_sweep", CpuNeed::kAvx2Fma),
    depthwise_row<kDepthwiseAvx512>("avx512_depthwise", CpuNeed::kAvx512),
    depthwise_row<kDepthwiseAvx2>("avx2_depthwise", CpuNeed::kAvx2Fma),
    grouped_row<kGroupedAvx512>("avx512_grouped", CpuNeed::kAvx512),
    grouped_row<kGroupedAvx2>("avx2_grouped", CpuNeed::kAvx2Fma),
    stem_winograd_row<kStemWinogradAvx512>("avx512_stem_winograd", CpuNeed::kAvx512Adders,
                                           kStemWinogradRounding),
    stem_row<kStemAvx512>("avx512_stem", CpuNeed::kAvx512),
    stem_row<kStemAvx2>("avx2_stem", CpuNeed::kAvx2Fma),
    focus_row<kFocusAvx512>("avx512_focus", CpuNeed::kAvx512),
    focus_row<kFocusAvx2>("avx2_focus", CpuNeed::kAvx2Fma),
    pointwise_few_row<kPointwiseFewAvx512>("avx512_pointwise_few", CpuNeed::kAvx512),
    pointwise_few_row<kPointwiseFewAvx2>("avx2_pointwise_few", CpuNeed::kAvx2Fma),
    split_row<kBfloat16Amx>("amx_bfloat16", CpuNeed::kAmxBf16),
    bfloat16_row<kBfloat16Avx512>("avx512_bfloat16", CpuNeed::kAvx512Bf16),
    split_row<kSplitAmx>("amx_split", CpuNeed::kAmxBf16),
    pointwise_pairs_row<kQuadPointwisePairsAvx512>("avx512_quad_pointwise_pairs",
                                                   CpuNeed::kAvx512WholeAdders),
    pointwise_pairs_row<kTriplePointwisePairsAvx512>("avx512_triple_pointwise_pairs",
                                                     CpuNeed::kAvx512WholeAdders),
    pointwise_pairs_row<kWidePointwisePairsAvx512>("avx512_wide_pointwise_pairs",
                                                   CpuNeed::kAvx512WholeAdders),
    pointwise_pairs_row<kPointwisePairsAvx512, true>("avx512_pointwise_pairs",
                                                     CpuNeed::kAvx512HalvedAdders),
    wide_pointwise_row<kTriplePointwiseAvx512, triple_pointwise_refuse>("avx512_triple_pointwise",
                                                                        CpuNeed::kAvx512Whole),
    wide_pointwise_row<kWidePointwiseAvx512, wide_pointwise_refuse>("avx512_wide_pointwise",
                                                                    CpuNeed::kAvx512Whole),
    pointwise_row<kWholePointwiseAvx512>("avx512_whole_pointwise", CpuNeed::kAvx512Whole),
    pointwise_row<kHalvedPointwiseAvx512>("avx512_halved_pointwise", CpuNeed::kAvx512HalvedAdders),
    pointwise_row<kPointwiseAvx512>("avx512_pointwise", CpuNeed::kAvx512),
    pointwise_row<kPointwiseAvx2>("avx2_pointwise", CpuNeed::kAvx2Fma),
    lean_pairs_row<kWholeLeanPairs5Avx512>("avx512_whole_lean_winograd_pairs_5x5",
                                           CpuNeed::kAvx512WholeAdders, kToomCook5.rounding),
    lean_pairs_row<kLeanPairs5Avx512>("avx512_lean_winograd_pairs_5x5",
                                      CpuNeed::kAvx512HalvedAdders, kToomCook5.rounding),
    winograd_pairs_row<kWideWinogradPairsStride2Avx512>(
        "avx512_wide_winograd_pairs_stride2", CpuNeed::kAvx512WholeAdders, kPolyphase4.rounding),
    winograd_pairs_row<kWideWinogradPairs5Avx512>("avx512_wide_winograd_pairs_5x5",
                                                  CpuNeed::kAvx512WholeAdders, kToomCook5.rounding),
    winograd_pairs_row<kWideWinogradPairs4Avx512>("avx512_wide_winograd_pairs_4x4",
                                                  CpuNeed::kAvx512WholeAdders, kToomCook4.rounding),
    winograd_pairs_row<kWinogradPairsStride2Avx512>(
        "avx512_winograd_pairs_stride2", CpuNeed::kAvx512HalvedAdders, kPolyphase4.rounding),
    winograd_pairs_row<kWinogradPairs5Avx512>("avx512_winograd_pairs_5x5",
                                              CpuNeed::kAvx512HalvedAdders, kToomCook5.rounding),
    winograd_pairs_row<kWinogradPairs4Avx512>("avx512_winograd_pairs_4x4",
                                              CpuNeed::kAvx512HalvedAdders, kToomCook4.rounding),
    lean_winograd_row<kLeanWinograd5Avx512>("avx512_lean_winograd_5x5", CpuNeed::kAvx512,
                                            kToomCook5.rounding),
    lean_winograd_row<kLeanWinograd4Avx512>("avx512_lean_winograd_4x4", CpuNeed::kAvx512,
                                            kToomCook4.rounding),
    winograd_row<kWinogradStride2Avx512>("avx512_winograd_stride2", CpuNeed::kAvx512,
                                         kPolyphase4.rounding),
    winograd_row<kWinograd5Avx512>("avx512_winograd_5x5", CpuNeed::kAvx512, kToomCook5.rounding),
    winograd_row<kWinograd4Avx512>("avx512_winograd_4x4", CpuNeed::kAvx512, kToomCook4.rounding),
    igemm_row<kTileAvx512>("avx512_igemm", CpuNeed::kAvx512),
    lean_winograd_row<kLeanWinograd5Avx2>("avx2_lean_winograd_5x5", CpuNeed::kAvx2Fma,
                                          kToomCook5.rounding),
    lean_winograd_row<kLeanWinograd4Avx2>("avx2_lean_winograd_4x4", CpuNeed::kAvx2Fma,
                                          kToomCook4.rounding),
    winograd_row<kWinogradStride2Avx2>("avx2_winograd_stride2", CpuNeed::kAvx2Fma,
                                       kPolyphase4.rounding),
    winograd_row<kWinograd5Avx2>("avx2_winograd_5x5", CpuNeed::kAvx2Fma, kToomCook5.rounding),
    winograd_row<kWinograd4Avx2>("avx2_winograd_4x4", CpuNeed::kAvx2Fma, kToomCook4.rounding),
    igemm_row<kTileAvx2>("avx2_igemm", CpuNeed::kAvx2Fma),
#endif
    focus_row<kFocusPlain>("focus", CpuNeed::kNothing),
    depthwise_row<kDepthwisePlain>("depthwise", CpuNeed::kNothing),
    winograd_row<kWinogradStride2Plain>("winograd_stride2", CpuNeed::kNothing,
                                        kPolyphase4.rounding),
    winograd_row<kWinograd5Plain>("winograd_5x5", CpuNeed::kNothing, kToomCook5.rounding),
    winograd_row<kWinograd4Plain>("winograd_4x4", CpuNeed::kNothing, kToomCook4.rounding),
    igemm_row<kTilePlain>("igemm", CpuNeed::kNothing),
    {"reference", CpuNeed::kNothing, nullptr, 1, conv_reference_pack, rows_of<1>,
     conv_reference_packed_bytes, direct_cost, no_scratch, conv_reference_run},
};

}  // namespace

std::span<const ConvKernel> conv_kernels() { return kConvKernels; }

PackedConv ConvKernel::pack(const ConvProblem& problem, const float* weights,
                            const float* bias) const {
  const size_t size = packed_bytes(problem);
  std::shared_ptr<std::byte> bytes = allocate_aligned(size);
  pack_into(problem, weights, bias, reinterpret_cast<float*>(bytes.get()));
  return {std::move(bytes), size};
}

}  // namespace shrike::kernels
