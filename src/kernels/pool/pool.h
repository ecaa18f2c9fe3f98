// Pooling of one picture, NHWC, each channel for itself:
//
//   window(y, x) = { in(y*stride_h - pad_top + i*dilation_h, x*stride_w - pad_left + j*dilation_w)
//   }
//                  for i < kernel_h, j < kernel_w, those inside the map only
//   kMax      out = the largest of the window
//   kAverage  out = the sum of the window / its size; with count_include_pad the divisor also
//             counts what lies in the padding (pad_bottom and pad_right bound it)
//
// Every window must meet the map. Global pooling is a kernel of the map's size. ONNX: MaxPool,
// AveragePool, GlobalAveragePool, GlobalMaxPool.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/select.h"
#include "kernels/view.h"

namespace shrike::kernels {

enum class PoolKind : uint8_t { kMax, kAverage };

struct PoolProblem {
  PoolKind kind = PoolKind::kMax;
  int64_t channels = 0;
  int64_t in_height = 0, in_width = 0;
  int64_t out_height = 0, out_width = 0;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t pad_top = 0, pad_left = 0;
  int64_t pad_bottom = 0, pad_right = 0;  // read only with count_include_pad
  int64_t dilation_h = 1, dilation_w = 1;
  bool count_include_pad = false;
};

struct PoolKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const PoolProblem&);
  void (*run)(const PoolProblem&, const ConstMapView& input, const MapView& output, ThreadPool&);
};

std::span<const PoolKernel> pool_kernels();

}  // namespace shrike::kernels
