// Inner loops of words.cpp: one run of adjacent elements.
#pragma once

#include "kernels/quantize/words.h"

namespace shrike::kernels {

void quantize_words_reference(const WordScale& form, const float* in, int16_t* out, int64_t length);
void dequantize_words_reference(const WordScale& form, const int16_t* in, float* out,
                                int64_t length);
void sum_words_reference(const WordSum& sum, const int16_t* a, const int16_t* b, int16_t* out,
                         int64_t length);
#if SHRIKE_KERNELS_AVX2
void quantize_words_avx2(const WordScale& form, const float* in, int16_t* out, int64_t length);
void dequantize_words_avx2(const WordScale& form, const int16_t* in, float* out, int64_t length);
void sum_words_avx2(const WordSum& sum, const int16_t* a, const int16_t* b, int16_t* out,
                    int64_t length);
#endif

}  // namespace shrike::kernels
