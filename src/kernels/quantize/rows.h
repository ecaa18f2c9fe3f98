// Inner loops of the quantisation kernels: one run of adjacent elements.
#pragma once

#include "kernels/quantize/bytes.h"

namespace shrike::kernels {

using QuantizeRow = void (*)(const ByteScale&, const float* in, uint8_t* out, int64_t length);
using DequantizeRow = void (*)(const ByteScale&, const uint8_t* in, float* out, int64_t length);

void quantize_row_reference(const ByteScale& form, const float* in, uint8_t* out, int64_t length);
void dequantize_row_reference(const ByteScale& form, const uint8_t* in, float* out, int64_t length);
void lookup_row_reference(const uint8_t* table, const uint8_t* in, uint8_t* out, int64_t length);
void byte_sum_row_reference(const ByteSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* out,
                            int64_t length);
#if SHRIKE_KERNELS_AVX2
void lookup_row_avx2(const uint8_t* table, const uint8_t* in, uint8_t* out, int64_t length);
void lookup_row_avx512vbmi(const uint8_t* table, const uint8_t* in, uint8_t* out, int64_t length);
void byte_sum_row_avx2(const ByteSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* out,
                       int64_t length);
void quantize_row_avx2(const ByteScale& form, const float* in, uint8_t* out, int64_t length);
void dequantize_row_avx2(const ByteScale& form, const uint8_t* in, float* out, int64_t length);
#endif

}  // namespace shrike::kernels
