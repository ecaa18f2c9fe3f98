#include <immintrin.h>

#include "kernels/pool/separable.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {

namespace {

const float kLowest = -__builtin_inff();

// Channels next to each other: 16, a cache line; or the last few.
struct Sixteen {
  __m256 low, high;

  static Sixteen lowest() { return {_mm256_set1_ps(kLowest), _mm256_set1_ps(kLowest)}; }
  static Sixteen load(const float* from, int64_t) {
    return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
  }
  void store(float* to, int64_t) const {
    _mm256_storeu_ps(to, low);
    _mm256_storeu_ps(to + 8, high);
  }
  // The second operand comes back where one is a NaN: as the reference has it.
  Sixteen or_larger(Sixteen x) const {
    return {_mm256_max_ps(x.low, low), _mm256_max_ps(x.high, high)};
  }
};

struct Some {
  __m256 lanes;

  static Some lowest() { return {_mm256_set1_ps(kLowest)}; }
  static Some load(const float* from, int64_t count) { return {load_some(from, count)}; }
  void store(float* to, int64_t count) const { store_some(to, lanes, count); }
  Some or_larger(Some x) const { return {_mm256_max_ps(x.lanes, lanes)}; }
};

template <typename Channels>
void largest_of_line(const PoolLine& line, int64_t channel) {
  const int64_t count = line.channels - channel;
  Channels columns[kMaxPoolLine];  // the padding's before and behind the map's
  const int64_t end = line.out_width + (line.kernel_w - 1) * line.dilation_w;
  for (int64_t u = 0; u < line.pad_left; ++u) columns[u] = Channels::lowest();
  for (int64_t u = line.pad_left + line.in_width; u < end; ++u) columns[u] = Channels::lowest();
  for (int64_t u = 0; u < line.in_width; ++u) {
    const float* in = line.input + u * line.pixel_step + channel;
    Channels largest = Channels::lowest();
    for (int64_t i = 0; i < line.taps_h; ++i, in += line.row_step)
      largest = largest.or_larger(Channels::load(in, count));
    columns[line.pad_left + u] = largest;
  }
  for (int64_t x = 0; x < line.out_width; ++x) {
    Channels largest = Channels::lowest();
    for (int64_t j = 0; j < line.kernel_w; ++j)
      largest = largest.or_larger(columns[x + j * line.dilation_w]);
    largest.store(line.output + x * line.out_step + channel, count);
  }
}

}  // namespace

void separable_pool_line_avx2(const PoolLine& line) {
  int64_t channel = 0;
  for (; channel + 16 <= line.channels; channel += 16) largest_of_line<Sixteen>(line, channel);
  for (; channel < line.channels; channel += 8) largest_of_line<Some>(line, channel);
}

}  // namespace shrike::kernels
