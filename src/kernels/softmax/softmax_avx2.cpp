#include "kernels/activation/vector_avx2.h"
#include "kernels/softmax/rows.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {

namespace {

template <typename Combine>
float across(Vec v, const Combine& combine) {
  v = combine(v, _mm256_permute2f128_ps(v, v, 1));
  v = combine(v, _mm256_shuffle_ps(v, v, 0x4E));
  v = combine(v, _mm256_shuffle_ps(v, v, 0xB1));
  return _mm256_cvtss_f32(v);
}

// The first min(count, 8) floats, `other` in the other lanes.
Vec load_or(const float* source, int64_t count, float other) {
  if (count >= 8) return _mm256_loadu_ps(source);
  const __m256i mask = lane_mask(count);
  return _mm256_blendv_ps(splat(other), _mm256_maskload_ps(source, mask),
                          _mm256_castsi256_ps(mask));
}

// A NaN may get lost in the maximum; e^(NaN - m) brings it back into the sum.
void one_row(const float* in, float* out, int64_t n) {
  const float lowest = -__builtin_inff();
  Vec largest = splat(lowest);
  for (int64_t k = 0; k < n; k += 8)
    largest = _mm256_max_ps(largest, load_or(in + k, n - k, lowest));
  const Vec top = splat(across(largest, [](Vec a, Vec b) { return _mm256_max_ps(a, b); }));
  Vec sums = _mm256_setzero_ps();
  for (int64_t k = 0; k < n; k += 8) {
    Vec e = exp_full(_mm256_sub_ps(load_some(in + k, n - k), top));
    store_some(out + k, e, n - k);
    if (n - k < 8) e = _mm256_and_ps(e, _mm256_castsi256_ps(lane_mask(n - k)));
    sums = _mm256_add_ps(sums, e);
  }
  const Vec sum = splat(across(sums, [](Vec a, Vec b) { return _mm256_add_ps(a, b); }));
  const Vec factor = _mm256_div_ps(splat(1.0f), sum);
  for (int64_t k = 0; k < n; k += 8)
    store_some(out + k, _mm256_mul_ps(load_some(out + k, n - k), factor), n - k);
}

// Up to 8 softmaxes side by side.
void eight_lanes(const float* in, float* out, int64_t n, int64_t stride, int64_t count) {
  Vec top = splat(-__builtin_inff());
  for (int64_t k = 0; k < n; ++k) top = _mm256_max_ps(top, load_some(in + k * stride, count));
  Vec sum = _mm256_setzero_ps();
  for (int64_t k = 0; k < n; ++k) {
    const Vec e = exp_full(_mm256_sub_ps(load_some(in + k * stride, count), top));
    store_some(out + k * stride, e, count);
    sum = _mm256_add_ps(sum, e);
  }
  const Vec factor = _mm256_div_ps(splat(1.0f), sum);
  for (int64_t k = 0; k < n; ++k)
    store_some(out + k * stride, _mm256_mul_ps(load_some(out + k * stride, count), factor), count);
}

}  // namespace

void softmax_lanes_avx2(const SoftmaxLanes& lanes) {
  if (lanes.stride == 1) return one_row(lanes.in, lanes.out, lanes.n);
  for (int64_t i = 0; i < lanes.count; i += 8)
    eight_lanes(lanes.in + i, lanes.out + i, lanes.n, lanes.stride, lanes.count - i);
}

}  // namespace shrike::kernels
