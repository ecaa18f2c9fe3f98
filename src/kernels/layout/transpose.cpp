#include "kernels/layout/transpose.h"

#include <algorithm>

#include "kernels/layout/transpose_block.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

void transpose_block_reference(const TransposeProblem& p, const float* in, float* out) {
  for (int64_t j = 0; j < p.cols; ++j)
    for (int64_t i = 0; i < p.rows; ++i) out[j * p.out_stride + i] = in[i * p.in_stride + j];
}

TransposeBlock transpose_block_best() {
#if SHRIKE_KERNELS_AVX2
  if (cpu_features().avx512) return transpose_block_avx512;
  if (cpu_features().avx2_fma) return transpose_block_avx2;
#endif
  return transpose_block_reference;
}

namespace {

// Units small enough that both sides of one fit the first cache level.
constexpr int64_t kRows = 64;
constexpr int64_t kCols = 64;

void run_block(const TransposeProblem& p, const float* in, float* out, TransposeBlock block,
               ThreadPool& pool) {
  const int64_t down = divide_up(p.rows, kRows);
  pool.parallel_for(down * divide_up(p.cols, kCols), [&](int64_t unit, int) {
    const int64_t i = unit % down * kRows, j = unit / down * kCols;
    block({std::min(kRows, p.rows - i), std::min(kCols, p.cols - j), p.in_stride, p.out_stride},
          in + i * p.in_stride + j, out + j * p.out_stride + i);
  });
}

template <TransposeBlock kBlock>
void run(const TransposeProblem& problem, const float* in, float* out, ThreadPool& pool) {
  run_block(problem, in, out, kBlock, pool);
}

constexpr TransposeKernel kTransposeKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx512", CpuNeed::kAvx512, nullptr, run<transpose_block_avx512>},
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<transpose_block_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<transpose_block_reference>},
};

}  // namespace

std::span<const TransposeKernel> transpose_kernels() { return kTransposeKernels; }

void planar_to_map(const float* planar, const MapView& map, ThreadPool& pool) {
  const int64_t plane = map.pixels();
  const bool one = map.height <= 1 || map.row_stride == map.width * map.pixel_stride;
  const int64_t rows = one ? 1 : map.height, width = one ? plane : map.width;
  for (int64_t y = 0; y < rows; ++y)
    run_block({map.channels, width, plane, map.pixel_stride}, planar + y * width, map.at(y, 0),
              transpose_block_best(), pool);
}

void map_to_planar(const ConstMapView& map, float* planar, ThreadPool& pool) {
  const int64_t plane = map.pixels();
  const bool one = map.height <= 1 || map.row_stride == map.width * map.pixel_stride;
  const int64_t rows = one ? 1 : map.height, width = one ? plane : map.width;
  for (int64_t y = 0; y < rows; ++y)
    run_block({width, map.channels, map.pixel_stride, plane}, map.at(y, 0), planar + y * width,
              transpose_block_best(), pool);
}

}  // namespace shrike::kernels
