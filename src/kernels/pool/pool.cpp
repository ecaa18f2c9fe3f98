#include "kernels/pool/pool.h"

#include <algorithm>
#include <cassert>

#include "kernels/pool/halves.h"
#include "kernels/pool/separable.h"
#include "kernels/pool/window.h"
#include "kernels/sizes.h"
#include "kernels/window.h"

namespace shrike::kernels {

namespace {

// Positions of one window along one axis that lie in the map or, counted, in its padding.
int64_t padded_taps(int64_t origin, int64_t kernel, int64_t dilation, int64_t extent,
                    int64_t pad_begin, int64_t pad_end) {
  return taps_inside(origin + pad_begin, kernel, dilation, pad_begin + extent + pad_end).size();
}

// Channels [first, last) of output pixel (y, x).
void pool_pixel(const PoolProblem& p, const ConstMapView& input, const MapView& output, int64_t y,
                int64_t x, Range channels, PoolWindowFunction function) {
  const int64_t top = y * p.stride_h - p.pad_top, left = x * p.stride_w - p.pad_left;
  const Range down = taps_inside(top, p.kernel_h, p.dilation_h, p.in_height);
  const Range across = taps_inside(left, p.kernel_w, p.dilation_w, p.in_width);
  assert(down.size() > 0 && across.size() > 0);
  int64_t divisor = down.size() * across.size();
  if (p.count_include_pad)
    divisor = padded_taps(top, p.kernel_h, p.dilation_h, p.in_height, p.pad_top, p.pad_bottom) *
              padded_taps(left, p.kernel_w, p.dilation_w, p.in_width, p.pad_left, p.pad_right);
  function({p.kind,
            input.at(top + down.begin * p.dilation_h, left + across.begin * p.dilation_w) +
                channels.begin,
            p.dilation_h * input.row_stride, p.dilation_w * input.pixel_stride, down.size(),
            across.size(), channels.size(), static_cast<float>(divisor),
            output.at(y, x) + channels.begin});
}

// Windows x of `out` that lie inside the map as a whole.
Range whole_windows(int64_t kernel, int64_t dilation, int64_t stride, int64_t pad, int64_t in,
                    int64_t out) {
  const int64_t last = in - 1 - (kernel - 1) * dilation + pad;  // where the last of them begins
  const int64_t begin = std::min(out, divide_up(pad, stride));
  return {begin, last < 0 ? begin : std::clamp(last / stride + 1, begin, out)};
}

// One row of the output. Its whole windows differ in their place alone.
void pool_row(const PoolProblem& p, const ConstMapView& input, const MapView& output, int64_t y,
              Range columns, PoolWindowFunction function) {
  const Range channels{0, p.channels};
  const int64_t top = y * p.stride_h - p.pad_top;
  const Range down = taps_inside(top, p.kernel_h, p.dilation_h, p.in_height);
  const bool whole = down.size() == p.kernel_h;
  const Range inside = whole ? columns : Range{0, 0};
  for (int64_t x = 0; x < p.out_width; ++x) {
    if (x == inside.begin && inside.size() > 0) {
      PoolWindow window{p.kind,
                        input.at(top, x * p.stride_w - p.pad_left),
                        p.dilation_h * input.row_stride,
                        p.dilation_w * input.pixel_stride,
                        p.kernel_h,
                        p.kernel_w,
                        p.channels,
                        static_cast<float>(p.kernel_h * p.kernel_w),
                        output.at(y, x)};
      for (; x < inside.end; ++x) {
        function(window);
        window.input += p.stride_w * input.pixel_stride;
        window.output += output.pixel_stride;
      }
      if (x == p.out_width) break;
    }
    pool_pixel(p, input, output, y, x, channels, function);
  }
}

template <PoolWindowFunction kFunction>
void run(const PoolProblem& p, const ConstMapView& input, const MapView& output, ThreadPool& pool) {
  // Global pooling has one pixel: there the channels are what is divided.
  constexpr int64_t kChannelBlock = 64;
  const int64_t pixels = p.out_height * p.out_width;
  if (pixels >= 16) {
    const Range whole =
        whole_windows(p.kernel_w, p.dilation_w, p.stride_w, p.pad_left, p.in_width, p.out_width);
    pool.parallel_for(p.out_height,
                      [&](int64_t y, int) { pool_row(p, input, output, y, whole, kFunction); });
    return;
  }
  const int64_t parts = divide_up(p.channels, kChannelBlock);
  pool.parallel_for(pixels * parts, [&](int64_t unit, int) {
    const int64_t pixel = unit / parts, part = unit % parts;
    const Range channels{part * kChannelBlock, std::min(p.channels, (part + 1) * kChannelBlock)};
    pool_pixel(p, input, output, pixel / p.out_width, pixel % p.out_width, channels, kFunction);
  });
}

constexpr PoolKernel kPoolKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2_halves", CpuNeed::kAvx2Fma, halves_pool_refuse, halves_pool_avx2},
    {"avx2_separable", CpuNeed::kAvx2Fma, separable_pool_refuse, separable_pool_avx2},
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<pool_window_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<pool_window_reference>},
};

}  // namespace

std::span<const PoolKernel> pool_kernels() { return kPoolKernels; }

}  // namespace shrike::kernels
