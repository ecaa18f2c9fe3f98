// Transpose of a matrix of 4-byte elements, the core of NCHW <-> NHWC and of permutations:
//
//   out[j * out_stride + i] = in[i * in_stride + j],  i < rows, j < cols
//
// NCHW to NHWC: rows = channels, cols = pixels, in_stride = pixels, out_stride = the pixel stride.
// NHWC to NCHW: rows = pixels, cols = channels, in_stride = the pixel stride, out_stride = pixels.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/select.h"
#include "kernels/view.h"

namespace shrike::kernels {

struct TransposeProblem {
  int64_t rows = 0, cols = 0;
  int64_t in_stride = 0, out_stride = 0;
};

struct TransposeKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const TransposeProblem&);
  void (*run)(const TransposeProblem&, const float* input, float* output, ThreadPool&);
};

std::span<const TransposeKernel> transpose_kernels();

// One picture between planar storage ([channels][height][width], no gaps) and a map, with the best
// transpose this machine has.
void planar_to_map(const float* planar, const MapView& map, ThreadPool& pool);
void map_to_planar(const ConstMapView& map, float* planar, ThreadPool& pool);

}  // namespace shrike::kernels
