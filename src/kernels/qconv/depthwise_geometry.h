// The sizes depthwise.cpp and depthwise_pack.cpp work with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "kernels/qconv/depthwise.h"
#include "kernels/qconv/packing.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

struct DepthwisePacking {
  DepthwisePacking(const QDepthwiseKernel& kernel, const QConvProblem& problem)
      : groups(divide_up(problem.taps(), kernel.group_taps)),
        channel_pitch(divide_up(problem.out_channels, 8) * 8),
        patterns(channel_pitch / std::gcd<int64_t>(channel_pitch, kernel.vector_bytes)),
        layout(patterns * kernel.vector_bytes, patterns * groups * 4 * kernel.vector_bytes) {}

  int64_t groups;  // of taps
  int64_t channel_pitch;
  int64_t patterns;
  QPacking layout;
};

// The output in blocks of rows, and the band of one: [row][phase][pixel][channel], phase and pixel
// of input column x being x % stride and x / stride.
struct DepthwiseGrid {
  DepthwiseGrid(const QConvProblem& p, int64_t channel_pitch, int threads)
      : columns((p.out_width - 1) * p.stride_w + (p.kernel_w - 1) * p.dilation_w + 1),
        phase(divide_up(columns, p.stride_w) * channel_pitch),
        row(p.stride_w * phase) {
    constexpr int64_t kBandBytes = 64 * 1024;
    const int64_t reach = (p.kernel_h - 1) * p.dilation_h + 1;
    const int64_t wanted = threads > 1 ? 4 * threads : 1;
    const int64_t fit = (kBandBytes / std::max<int64_t>(1, row) - reach) / p.stride_h + 1;
    rows = std::clamp<int64_t>(std::min(fit, divide_up(p.out_height, wanted)), 1,
                               std::max<int64_t>(1, p.out_height));
    blocks = divide_up(p.out_height, rows);
    band_rows = (rows - 1) * p.stride_h + reach;
    scratch = align_up(static_cast<size_t>(band_rows * row) + kMaxVectorBytes);
  }

  int64_t columns;  // input columns that a row of outputs reads
  int64_t phase;    // bytes
  int64_t row;      // bytes
  int64_t rows;     // outputs of a block
  int64_t blocks;
  int64_t band_rows;
  size_t scratch;  // bytes of one worker's band
};

}  // namespace shrike::kernels
