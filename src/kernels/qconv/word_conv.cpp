#include "kernels/qconv/word_conv.h"

#include "base/tensor.h"
#include "kernels/qconv/direct_geometry.h"
#include "kernels/qconv/word_depthwise.h"
#include "kernels/qconv/word_direct.h"

namespace shrike::kernels {

namespace {

double macs_of(const WordConvProblem& problem) { return static_cast<double>(problem.macs()); }

// The same driver with one instruction set's tiles, of a map of words and of one of bytes.
template <const QTileKernel& kOfWords, const QTileKernel& kOfBytes>
const QTileKernel& tile_of(const WordConvProblem& problem) {
  return problem.bytes_in ? kOfBytes : kOfWords;
}

template <const QTileKernel& kOfWords, const QTileKernel& kOfBytes>
constexpr WordConvKernel direct_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      [](const WordConvProblem& p) { return direct_refuse(tile_of<kOfWords, kOfBytes>(p), p); },
      [](const WordConvProblem& p, const WordConvWeights& weights, std::byte* packed) {
        word_direct_pack(tile_of<kOfWords, kOfBytes>(p), p, weights, packed);
      },
      [](const WordConvProblem& p) {
        return word_direct_packed_bytes(tile_of<kOfWords, kOfBytes>(p), p);
      },
      [](const WordConvProblem& p) { return word_direct_cost(tile_of<kOfWords, kOfBytes>(p), p); },
      [](const WordConvProblem& p, int threads) {
        return word_direct_scratch_bytes(tile_of<kOfWords, kOfBytes>(p), p, threads);
      },
      [](const WordConvProblem& p, const PackedConv& packed, const WordConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        word_direct_run(tile_of<kOfWords, kOfBytes>(p), p, packed, maps, pool, scratch);
      },
  };
}

template <const WordDepthwiseKernel& kKernel>
constexpr WordConvKernel depthwise_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      word_depthwise_refuse,
      [](const WordConvProblem& p, const WordConvWeights& weights, std::byte* packed) {
        word_depthwise_pack(kKernel, p, weights, packed);
      },
      [](const WordConvProblem& p) { return word_depthwise_packed_bytes(kKernel, p); },
      macs_of,
      word_depthwise_scratch_bytes,
      [](const WordConvProblem& p, const PackedConv& packed, const WordConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        word_depthwise_run(kKernel, p, packed, maps, pool, scratch);
      },
  };
}

constexpr WordConvKernel kWordConvKernels[] = {
#if SHRIKE_KERNELS_AVX2
    depthwise_row<kWordDepthwiseAvx512Vnni>("avx512vnni_word_depthwise", CpuNeed::kAvx512Vnni),
    depthwise_row<kWordDepthwiseAvx512>("avx512_word_depthwise", CpuNeed::kAvx512),
    depthwise_row<kWordDepthwiseAvxVnni>("avxvnni_word_depthwise", CpuNeed::kAvxVnni),
    depthwise_row<kWordDepthwiseAvx2>("avx2_word_depthwise", CpuNeed::kAvx2Fma),
    direct_row<kWordTileAvx512Vnni, kWordTileOfBytesAvx512Vnni>("avx512vnni_words",
                                                                CpuNeed::kAvx512Vnni),
    direct_row<kWordTileAvx512, kWordTileOfBytesAvx512>("avx512_words", CpuNeed::kAvx512),
    direct_row<kWordTileAvxVnni, kWordTileOfBytesAvxVnni>("avxvnni_words", CpuNeed::kAvxVnni),
    direct_row<kWordTileAvx2, kWordTileOfBytesAvx2>("avx2_words", CpuNeed::kAvx2Fma),
#endif
    depthwise_row<kWordDepthwisePlain>("word_depthwise", CpuNeed::kNothing),
    direct_row<kWordTilePlain, kWordTileOfBytesPlain>("words", CpuNeed::kNothing),
    {"reference", CpuNeed::kNothing, nullptr, word_reference_pack, word_reference_packed_bytes,
     macs_of, [](const WordConvProblem&, int) { return size_t{0}; }, word_reference_run},
};

}  // namespace

std::span<const WordConvKernel> word_conv_kernels() { return kWordConvKernels; }

PackedConv WordConvKernel::pack(const WordConvProblem& problem,
                                const WordConvWeights& weights) const {
  const size_t size = packed_bytes(problem);
  std::shared_ptr<std::byte> bytes = allocate_aligned(size);
  pack_into(problem, weights, bytes.get());
  return {std::move(bytes), size};
}

}  // namespace shrike::kernels
