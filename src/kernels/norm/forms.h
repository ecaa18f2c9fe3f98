// The rows of the table that have an instruction set. Private to norm.
#pragma once

#include "kernels/norm/norm.h"

namespace shrike::kernels {

void norm_moments_avx2(const NormRows&, float* sum, float* squares);
void norm_apply_avx2(const Activation&, const NormRows&, float* y, int64_t y_stride);
void norm_slopes_avx2(const Activation&, const NormRows&, float* sum, float* products);
void norm_backward_avx2(const Activation&, const NormRows&, const NormFactors&, float* dz);

void norm_moments_avx512(const NormRows&, float* sum, float* squares);
void norm_apply_avx512(const Activation&, const NormRows&, float* y, int64_t y_stride);
void norm_slopes_avx512(const Activation&, const NormRows&, float* sum, float* products);
void norm_backward_avx512(const Activation&, const NormRows&, const NormFactors&, float* dz);

}  // namespace shrike::kernels
