#include "kernels/qconv/depthwise_geometry.h"

namespace shrike::kernels {

void qdepthwise_pack(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                     const QConvWeights& weights, std::byte* packed) {
  const DepthwisePacking packing(kernel, problem);
  QPacker packer(packing.layout, problem, weights, packed);
  const int64_t bytes = kernel.vector_bytes, taps = problem.taps();
  for (int64_t p = 0; p < packing.patterns * bytes; ++p) {
    const int64_t c = p % packing.channel_pitch;
    if (c >= problem.out_channels) continue;
    // The place of a byte's sum among those of its vector: see depthwise_body.h.
    const int64_t lane = p % bytes / 16, in_lane = p % 16;
    const int64_t place = in_lane / 4 * (bytes / 4) + lane * 4 + in_lane % 4;
    packer.set_channel(p / bytes * bytes + place, c, 0);
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t group = p / bytes * packing.groups + tap / kernel.group_taps;
      const int64_t index = (group * bytes + place) * kernel.group_taps + tap % kernel.group_taps;
      const int8_t weight = weights.values[c * taps + tap];
      if (kernel.element_bytes() == 1) {
        packer.weights<int8_t>()[index] = weight;
      } else {
        packer.weights<int16_t>()[index] = weight;
      }
    }
  }
}

size_t qdepthwise_packed_bytes(const QDepthwiseKernel& kernel, const QConvProblem& problem) {
  return DepthwisePacking(kernel, problem).layout.total;
}

}  // namespace shrike::kernels
