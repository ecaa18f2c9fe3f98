#include "kernels/qconv/qconv.h"

#include "kernels/qconv/direct.h"
#include "kernels/qconv/reference.h"

namespace shrike::kernels {

namespace {

// The same driver with one instruction set's tile.
template <const QTileKernel& kTile>
constexpr QConvKernel direct_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      nullptr,
      [](const QConvProblem& problem, const QConvWeights& weights) {
        return qdirect_pack(kTile, problem, weights);
      },
      [](const QConvProblem& problem, int threads) {
        return qdirect_scratch_bytes(kTile, problem, threads);
      },
      [](const QConvProblem& problem, const PackedConv& packed, const QConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        qdirect_run(kTile, problem, packed, maps, pool, scratch);
      },
  };
}

constexpr QConvKernel kQConvKernels[] = {
#if SHRIKE_KERNELS_AVX2
    direct_row<kQTileAvx512Vnni>("avx512vnni_direct", CpuNeed::kAvx512Vnni),
    direct_row<kQTileAvx512>("avx512_direct", CpuNeed::kAvx512),
    direct_row<kQTileAvx2>("avx2_direct", CpuNeed::kAvx2Fma),
#endif
    direct_row<kQTilePlain>("direct", CpuNeed::kNothing),
    {"reference", CpuNeed::kNothing, nullptr, qconv_reference_pack,
     [](const QConvProblem&, int) { return size_t{0}; }, qconv_reference_run},
};

}  // namespace

std::span<const QConvKernel> qconv_kernels() { return kQConvKernels; }

}  // namespace shrike::kernels
