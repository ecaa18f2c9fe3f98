#include <immintrin.h>

#include "kernels/quantize/rows.h"

namespace shrike::kernels {

namespace {

// vpermi2b takes one of 128 bytes by the lowest 7 bits of an index, the highest bit says of which.
struct Table {
  __m512i quarters[4];

  explicit Table(const uint8_t* table) {
    for (int q = 0; q < 4; ++q) quarters[q] = _mm512_loadu_si512(table + 64 * q);
  }

  __m512i operator()(__m512i x) const {
    const __m512i low = _mm512_permutex2var_epi8(quarters[0], x, quarters[1]);
    const __m512i high = _mm512_permutex2var_epi8(quarters[2], x, quarters[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high);
  }
};

}  // namespace

void lookup_row_avx512vbmi(const uint8_t* table, const uint8_t* in, uint8_t* out, int64_t length) {
  const Table looked_up(table);
  int64_t i = 0;
  for (; i + 64 <= length; i += 64)
    _mm512_storeu_si512(out + i, looked_up(_mm512_loadu_si512(in + i)));
  if (i == length) return;
  const __mmask64 rest = ~uint64_t{0} >> (64 - (length - i));
  const __m512i x = _mm512_maskz_loadu_epi8(rest, in + i);
  _mm512_mask_storeu_epi8(out + i, rest, looked_up(x));
}

}  // namespace shrike::kernels
