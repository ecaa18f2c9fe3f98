#include "kernels/conv/conv.h"

#include "kernels/conv/depthwise.h"
#include "kernels/conv/igemm.h"
#include "kernels/conv/reference.h"
#include "kernels/winograd/row.h"

namespace shrike::kernels {

namespace {

// The same driver with one instruction set's tile.
template <const TileKernel& kTile>
constexpr ConvKernel igemm_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      nullptr,
      1,
      [](const ConvProblem& problem, const float* weights, const float* bias) {
        return igemm_pack(kTile, problem, weights, bias);
      },
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
      [](const ConvProblem& problem, const float* weights, const float* bias) {
        return depthwise_pack(*kTile.tile, problem, weights, bias);
      },
      no_scratch,
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool,
         std::span<std::byte>) { depthwise_run(kTile, problem, packed, maps, pool); },
  };
}

constexpr ConvKernel kConvKernels[] = {
#if SHRIKE_KERNELS_AVX2
    depthwise_row<kDepthwiseAvx2>("avx2_depthwise", CpuNeed::kAvx2Fma),
    winograd_row<kWinograd4Avx2>("avx2_winograd_4x4", CpuNeed::kAvx2Fma, kToomCook4.rounding),
    igemm_row<kTileAvx2>("avx2_igemm", CpuNeed::kAvx2Fma),
#endif
    depthwise_row<kDepthwisePlain>("depthwise", CpuNeed::kNothing),
    winograd_row<kWinograd4Plain>("winograd_4x4", CpuNeed::kNothing, kToomCook4.rounding),
    igemm_row<kTilePlain>("igemm", CpuNeed::kNothing),
    {"reference", CpuNeed::kNothing, nullptr, 1, conv_reference_pack, no_scratch,
     conv_reference_run},
};

}  // namespace

std::span<const ConvKernel> conv_kernels() { return kConvKernels; }

}  // namespace shrike::kernels
