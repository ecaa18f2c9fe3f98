#include "kernels/conv/igemm.h"
#include "kernels/conv/igemm_geometry.h"

namespace shrike::kernels {

size_t igemm_packed_bytes(const TileKernel& tile, const ConvProblem& problem) {
  return static_cast<size_t>(IgemmPacking(tile, problem).total) * sizeof(float);
}

void igemm_pack(const TileKernel& tile, const ConvProblem& problem, const float* weights,
                const float* bias, float* packed) {
  const IgemmPacking packing(tile, problem);
  const int64_t channels = problem.group_in(), taps = problem.taps();
  for (int64_t output = 0; output < problem.out_channels; ++output) {
    const int64_t group = output / problem.group_out(), within = output % problem.group_out();
    const int64_t block = group * packing.blocks + within / tile.columns;
    const int64_t column = within % tile.columns;
    if (bias) packed[packing.bias + block * tile.columns + column] = bias[output];
    float* panel = packed + block * packing.panel + column;
    const float* source = weights + output * channels * taps;
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t c = 0; c < channels; ++c)
        panel[(tap * channels + c) * tile.columns] = source[c * taps + tap];
  }
}

}  // namespace shrike::kernels
