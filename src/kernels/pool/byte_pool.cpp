#include "kernels/pool/byte_pool.h"

#include <algorithm>
#include <cassert>

#include "kernels/pool/byte_window.h"
#include "kernels/window.h"

namespace shrike::kernels {

void byte_pool_window_reference(const BytePoolWindow& w) {
  for (int64_t c = 0; c < w.channels; ++c) {
    uint8_t largest = 0;
    for (int64_t i = 0; i < w.taps_h; ++i)
      for (int64_t j = 0; j < w.taps_w; ++j)
        largest = std::max(largest, w.input[i * w.row_step + j * w.tap_step + c]);
    w.output[c] = largest;
  }
}

namespace {

template <auto kWindow>
void run(const PoolProblem& p, const BasicMapView<const uint8_t>& input,
         const BasicMapView<uint8_t>& output, ThreadPool& pool) {
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

constexpr BytePoolKernel kBytePoolKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<byte_pool_window_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<byte_pool_window_reference>},
};

}  // namespace

std::span<const BytePoolKernel> byte_pool_kernels() { return kBytePoolKernels; }

}  // namespace shrike::kernels
