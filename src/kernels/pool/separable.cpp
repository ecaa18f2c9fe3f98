#include "kernels/pool/separable.h"

#include "kernels/window.h"

namespace shrike::kernels {

const char* separable_pool_refuse(const PoolProblem& p) {
  if (p.kind != PoolKind::kMax) return "not the largest of a window";
  if (p.stride_w != 1) return "made for a stride of 1";
  if (p.kernel_h * p.kernel_w <= p.kernel_h + p.kernel_w) return "too few taps to gain by it";
  if (p.pad_left + p.in_width > kMaxPoolLine ||
      p.out_width + (p.kernel_w - 1) * p.dilation_w > kMaxPoolLine)
    return "too many columns to keep";
  return nullptr;
}

#if SHRIKE_KERNELS_AVX2
void separable_pool_avx2(const PoolProblem& p, const ConstMapView& input, const MapView& output,
                         ThreadPool& pool) {
  pool.parallel_for(p.out_height, [&](int64_t y, int) {
    const int64_t top = y * p.stride_h - p.pad_top;
    const Range down = taps_inside(top, p.kernel_h, p.dilation_h, p.in_height);
    separable_pool_line_avx2({input.at(top + down.begin * p.dilation_h, 0),
                              p.dilation_h * input.row_stride, down.size(), input.pixel_stride,
                              p.in_width, p.pad_left, p.kernel_w, p.dilation_w, output.at(y, 0),
                              output.pixel_stride, p.out_width, p.channels});
  });
}
#endif

}  // namespace shrike::kernels
