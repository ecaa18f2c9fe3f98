// AVX2's vectors, with AVX-VNNI's products: the 256-bit instructions of AVX-512 VNNI, in the
// encoding of AVX2, for processors without AVX-512. Only for files compiled with both.
#pragma once

#include "kernels/qconv/vector_avx2.h"

namespace shrike::kernels {
namespace {

// Four products of bytes, u8 * i8, added to each int32, exact.
inline Ints multiply_add_bytes(Ints sums, Ints step, Ints weights) {
  return _mm256_dpbusd_avx_epi32(sums, step, weights);
}
// Two products of int16s.
inline Ints multiply_add_words(Ints sums, Ints step, Ints weights) {
  return _mm256_dpwssd_avx_epi32(sums, step, weights);
}

}  // namespace
}  // namespace shrike::kernels
