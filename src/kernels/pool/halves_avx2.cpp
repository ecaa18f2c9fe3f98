#include <immintrin.h>

#include "kernels/pool/halves.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {

namespace {

// The second operand comes back where one is a NaN: as the reference has it, in its order.
inline __m256 largest(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m256 start = _mm256_set1_ps(-__builtin_inff());
  return _mm256_max_ps(d, _mm256_max_ps(c, _mm256_max_ps(b, _mm256_max_ps(a, start))));
}

}  // namespace

void halves_pool_row_avx2(const HalvesRow& row) {
  const float *upper = row.input, *lower = row.input + row.row_step;
  float* output = row.output;
  const int64_t step = row.pixel_step;
  for (int64_t x = 0; x < row.out_width; ++x) {
    int64_t c = 0;
    for (; c + 8 <= row.channels; c += 8)
      _mm256_storeu_ps(output + c,
                       largest(_mm256_loadu_ps(upper + c), _mm256_loadu_ps(upper + step + c),
                               _mm256_loadu_ps(lower + c), _mm256_loadu_ps(lower + step + c)));
    if (const int64_t left = row.channels - c; left > 0)
      store_some(output + c,
                 largest(load_some(upper + c, left), load_some(upper + step + c, left),
                         load_some(lower + c, left), load_some(lower + step + c, left)),
                 left);
    upper += 2 * step;
    lower += 2 * step;
    output += row.out_step;
  }
}

}  // namespace shrike::kernels
