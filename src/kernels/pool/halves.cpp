#include "kernels/pool/halves.h"

namespace shrike::kernels {

const char* halves_pool_refuse(const PoolProblem& p) {
  if (p.kind != PoolKind::kMax) return "not the largest of a window";
  if (p.kernel_h != 2 || p.kernel_w != 2 || p.stride_h != 2 || p.stride_w != 2)
    return "not 2x2 windows at stride 2";
  if (p.dilation_h != 1 || p.dilation_w != 1) return "dilated";
  if (p.pad_top != 0 || p.pad_left != 0 || 2 * p.out_height > p.in_height ||
      2 * p.out_width > p.in_width)
    return "windows with padding";
  return nullptr;
}

#if SHRIKE_KERNELS_AVX2
void halves_pool_avx2(const PoolProblem& p, const ConstMapView& input, const MapView& output,
                      ThreadPool& pool) {
  pool.parallel_for(p.out_height, [&](int64_t y, int) {
    halves_pool_row_avx2({input.at(2 * y, 0), input.row_stride, input.pixel_stride, output.at(y, 0),
                          output.pixel_stride, p.out_width, p.channels});
  });
}
#endif

}  // namespace shrike::kernels
