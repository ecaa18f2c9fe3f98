#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/paired_avx512.h"

#include "kernels/conv/stem_form.h"

namespace shrike::kernels {

namespace {

// StemSums of two taps side by side, nine of a row being five pairs: 15 loads of a pixel, not 27.
template <int kPixels, int kVectors, int kStride>
struct PairedStemSums {
  static_assert(kVectors == 1);
  Vec sums[kPixels][kVectors];

  [[gnu::always_inline]] PairedStemSums(const StemRow& row, int64_t p) {
    Vec even[kPixels], odd[kPixels];  // outputs
#pragma GCC unroll 8
    for (int r = 0; r < kPixels; ++r) even[r] = odd[r] = splat(0.0f);
    const float* weights = row.weights;
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      const float* window = row.rows[i] + p * kStride * kStemChannels;
#pragma GCC unroll 5
      for (int k = 0; k < 9; k += 2, weights += 2 * kLanes) {
        const Vec first = load_aligned(weights), second = load_aligned(weights + kLanes);
#pragma GCC unroll 8
        for (int r = 0; r < kPixels; ++r) {
          const float* tap = window + r * kStride * kStemChannels + k;
          const Vec x = k < 8 ? two_values(tap) : one_value(tap);
          even[r] = fma(x, first, even[r]);
          odd[r] = fma(x, second, odd[r]);
        }
      }
    }
    const Vec bias = load(row.bias);
#pragma GCC unroll 8
    for (int r = 0; r < kPixels; ++r) sums[r][0] = added_pairs(even[r], odd[r]) + bias;
  }
};

}  // namespace

const StemKernel kWholeStemAvx512 = {
    8, kLanes, stem_function<PairedStemSums, 8, 1>, {.inputs = 2, .vectors = 2}};

}  // namespace shrike::kernels
