// The AVX2 rows of all_row_kernels(): for row_kernels.cpp alone.
#pragma once

#include "vision/row_kernels.h"

#if defined(__x86_64__)
#define SHRIKE_VISION_AVX2 1

namespace shrike::avx2 {

bool supported();
void blend_columns(const uint8_t* row, size_t row_bytes, std::span<const ColumnTap> taps,
                   int16_t* out);
void blend_rows(const int16_t* a, const int16_t* b, int16_t upper, int16_t lower, size_t count,
                uint8_t* out);
void halve(const uint8_t* a, const uint8_t* b, size_t pixels, uint8_t* out);
void deinterleave(const uint8_t* row, size_t pixels, uint8_t* c0, uint8_t* c1, uint8_t* c2);
void to_float(const uint8_t* in, size_t count, float divisor, float* out);

}  // namespace shrike::avx2

namespace shrike {
inline constexpr RowKernels kRowKernelsAvx2 = {
    "avx2",      avx2::supported,    avx2::blend_columns, avx2::blend_rows,
    avx2::halve, avx2::deinterleave, avx2::to_float};
}  // namespace shrike

#else
#define SHRIKE_VISION_AVX2 0
#endif
