// The transpose of transpose.h by one thread.
#pragma once

#include "kernels/layout/transpose.h"

namespace shrike::kernels {

using TransposeBlock = void (*)(const TransposeProblem&, const float* in, float* out);

void transpose_block_reference(const TransposeProblem& problem, const float* in, float* out);
#if SHRIKE_KERNELS_AVX2
void transpose_block_avx2(const TransposeProblem& problem, const float* in, float* out);
void transpose_block_avx512(const TransposeProblem& problem, const float* in, float* out);
#endif

// The best this machine has.
TransposeBlock transpose_block_best();

}  // namespace shrike::kernels
