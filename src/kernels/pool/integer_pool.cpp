#include "kernels/pool/integer_pool.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "kernels/pool/integer_window.h"
#include "kernels/window.h"

namespace shrike::kernels {

namespace {

template <typename T>
void window_reference(const IntegerPoolWindow<T>& w) {
  for (int64_t c = 0; c < w.channels; ++c) {
    T largest = std::numeric_limits<T>::min();
    for (int64_t i = 0; i < w.taps_h; ++i)
      for (int64_t j = 0; j < w.taps_w; ++j)
        largest = std::max(largest, w.input[i * w.row_step + j * w.tap_step + c]);
    w.output[c] = largest;
  }
}

template <typename T, void (*kWindow)(const IntegerPoolWindow<T>&)>
void run(const PoolProblem& p, const BasicMapView<const T>& input, const BasicMapView<T>& output,
         ThreadPool& pool) {
  assert(p.kind == PoolKind::kMax);
  pool.parallel_for(p.out_height, [&](int64_t y, int) {
    const int64_t top = y * p.stride_h - p.pad_top;
    const Range down = taps_inside(top, p.kernel_h, p.dilation_h, p.in_height);
    for (int64_t x = 0; x < p.out_width; ++x) {
      const int64_t left = x * p.stride_w - p.pad_left;
      const Range across = taps_inside(left, p.kernel_w, p.dilation_w, p.in_width);
      assert(down.size() > 0 && across.size() > 0);
      kWindow({input.at(top + down.begin * p.dilation_h, left + across.begin * p.dilation_w),
               p.dilation_h * input.row_stride, p.dilation_w * input.pixel_stride, down.size(),
               across.size(), p.channels, output.at(y, x)});
    }
  });
}

constexpr IntegerPoolKernel<uint8_t> kBytePoolKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<uint8_t, byte_pool_window_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<uint8_t, window_reference<uint8_t>>},
};

constexpr IntegerPoolKernel<int16_t> kWordPoolKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<int16_t, word_pool_window_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<int16_t, window_reference<int16_t>>},
};

}  // namespace

std::span<const IntegerPoolKernel<uint8_t>> byte_pool_kernels() { return kBytePoolKernels; }
std::span<const IntegerPoolKernel<int16_t>> word_pool_kernels() { return kWordPoolKernels; }

}  // namespace shrike::kernels
