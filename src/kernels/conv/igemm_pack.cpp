#include "base/tensor.h"
#include "kernels/conv/igemm.h"
#include "kernels/conv/igemm_geometry.h"

namespace shrike::kernels {

PackedConv igemm_pack(const TileKernel& tile, const ConvProblem& problem, const float* weights,
                      const float* bias) {
  const IgemmPacking packing(tile, problem);
  const size_t size = static_cast<size_t>(packing.total) * sizeof(float);
  std::shared_ptr<std::byte> bytes = allocate_aligned(size);  // zeroed: so is what pads
  auto* packed = reinterpret_cast<float*>(bytes.get());
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
  return {std::move(bytes), size};
}

}  // namespace shrike::kernels
