// The convolution of qconv.h as its formula reads: the oracle of the other kernels, and what runs
// where they decline.
#pragma once

#include "kernels/qconv/qconv.h"

namespace shrike::kernels {

void qconv_reference_pack(const QConvProblem& problem, const QConvWeights& weights,
                          std::byte* packed);
size_t qconv_reference_packed_bytes(const QConvProblem& problem);
void qconv_reference_run(const QConvProblem& problem, const PackedConv& packed,
                         const QConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
