// The sizes depthwise.cpp and depthwise_pack.cpp work with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>

#include "kernels/qconv/depthwise.h"
#include "kernels/qconv/depthwise_band.h"
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

}  // namespace shrike::kernels
