// The direct convolution of words (direct_driver.h), any problem, and its reference.
#pragma once

#include "kernels/qconv/tile.h"
#include "kernels/qconv/word_conv.h"

namespace shrike::kernels {

extern const QTileKernel kWordTilePlain;
#if SHRIKE_KERNELS_AVX2
extern const QTileKernel kWordTileAvx2;
extern const QTileKernel kWordTileAvx512;
extern const QTileKernel kWordTileAvx512Vnni;
#endif

PackedConv word_direct_pack(const QTileKernel& tile, const WordConvProblem& problem,
                            const WordConvWeights& weights);
size_t word_direct_scratch_bytes(const QTileKernel& tile, const WordConvProblem& problem,
                                 int threads);
void word_direct_run(const QTileKernel& tile, const WordConvProblem& problem,
                     const PackedConv& packed, const WordConvMaps& maps, ThreadPool& pool,
                     std::span<std::byte> scratch);

PackedConv word_reference_pack(const WordConvProblem& problem, const WordConvWeights& weights);
void word_reference_run(const WordConvProblem& problem, const PackedConv& packed,
                        const WordConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
