// The direct convolution of words (direct_driver.h), any problem, and its reference.
#pragma once

#include "kernels/qconv/tile.h"
#include "kernels/qconv/word_conv.h"

namespace shrike::kernels {

// Of a map of words, and of one of bytes.
extern const QTileKernel kWordTilePlain, kWordTileOfBytesPlain;
#if SHRIKE_KERNELS_AVX2
extern const QTileKernel kWordTileAvx2, kWordTileOfBytesAvx2;
extern const QTileKernel kWordTileAvxVnni, kWordTileOfBytesAvxVnni;
extern const QTileKernel kWordTileAvx512, kWordTileOfBytesAvx512;
extern const QTileKernel kWordTileAvx512Vnni, kWordTileOfBytesAvx512Vnni;
#endif

void word_direct_pack(const QTileKernel& tile, const WordConvProblem& problem,
                      const WordConvWeights& weights, std::byte* packed);
size_t word_direct_packed_bytes(const QTileKernel& tile, const WordConvProblem& problem);
double word_direct_cost(const QTileKernel& tile, const WordConvProblem& problem);
size_t word_direct_scratch_bytes(const QTileKernel& tile, const WordConvProblem& problem,
                                 int threads);
void word_direct_run(const QTileKernel& tile, const WordConvProblem& problem,
                     const PackedConv& packed, const WordConvMaps& maps, ThreadPool& pool,
                     std::span<std::byte> scratch);

void word_reference_pack(const WordConvProblem& problem, const WordConvWeights& weights,
                         std::byte* packed);
size_t word_reference_packed_bytes(const WordConvProblem& problem);
void word_reference_run(const WordConvProblem& problem, const PackedConv& packed,
                        const WordConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
