#include "kernels/qconv/word_conv.h"

#include "kernels/qconv/direct_geometry.h"
#include "kernels/qconv/word_direct.h"

namespace shrike::kernels {

namespace {

template <const QTileKernel& kTile>
constexpr WordConvKernel direct_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      [](const WordConvProblem& problem) { return direct_refuse(kTile, problem); },
      [](const WordConvProblem& problem, const WordConvWeights& weights) {
        return word_direct_pack(kTile, problem, weights);
      },
      [](const WordConvProblem& problem, int threads) {
        return word_direct_scratch_bytes(kTile, problem, threads);
      },
      [](const WordConvProblem& problem, const PackedConv& packed, const WordConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        word_direct_run(kTile, problem, packed, maps, pool, scratch);
      },
  };
}

constexpr WordConvKernel kWordConvKernels[] = {
#if SHRIKE_KERNELS_AVX2
    direct_row<kWordTileAvx512Vnni>("avx512vnni_words", CpuNeed::kAvx512Vnni),
    direct_row<kWordTileAvx512>("avx512_words", CpuNeed::kAvx512),
    direct_row<kWordTileAvx2>("avx2_words", CpuNeed::kAvx2Fma),
#endif
    direct_row<kWordTilePlain>("words", CpuNeed::kNothing),
    {"reference", CpuNeed::kNothing, nullptr, word_reference_pack,
     [](const WordConvProblem&, int) { return size_t{0}; }, word_reference_run},
};

}  // namespace

std::span<const WordConvKernel> word_conv_kernels() { return kWordConvKernels; }

}  // namespace shrike::kernels
