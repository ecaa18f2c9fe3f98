#include "kernels/pool/window.h"

#include <algorithm>
#include <limits>

namespace shrike::kernels {

void pool_window_reference(const PoolWindow& window) {
  const bool average = window.kind == PoolKind::kAverage;
  const float start = average ? 0.0f : -std::numeric_limits<float>::infinity();
  std::fill_n(window.output, window.channels, start);
  for (int64_t i = 0; i < window.taps_h; ++i)
    for (int64_t j = 0; j < window.taps_w; ++j) {
      const float* in = window.input + i * window.row_step + j * window.tap_step;
      float* out = window.output;
      if (average) {
        for (int64_t c = 0; c < window.channels; ++c) out[c] += in[c];
      } else {
        for (int64_t c = 0; c < window.channels; ++c) out[c] = in[c] > out[c] ? in[c] : out[c];
      }
    }
  if (average)
    for (int64_t c = 0; c < window.channels; ++c) window.output[c] /= window.divisor;
}

}  // namespace shrike::kernels
