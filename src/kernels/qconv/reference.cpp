#include "kernels/qconv/reference.h"

#include <algorithm>

#include "kernels/qconv/packing.h"

namespace shrike::kernels {

namespace {

// The sum over the window of output (y, x), group g's channels, with one output's weights.
uint32_t window_sum(const QConvProblem& p, const ConstByteMapView& input, int64_t y, int64_t x,
                    int64_t g, const int8_t* weights) {
  uint32_t sum = 0;
  for (int64_t i = 0; i < p.kernel_h; ++i)
    for (int64_t j = 0; j < p.kernel_w; ++j) {
      const int64_t in_y = y * p.stride_h - p.pad_top + i * p.dilation_h;
      const int64_t in_x = x * p.stride_w - p.pad_left + j * p.dilation_w;
      if (in_y < 0 || in_y >= p.in_height || in_x < 0 || in_x >= p.in_width) continue;
      const uint8_t* pixel = input.at(in_y, in_x) + g * p.group_in();
      for (int64_t c = 0; c < p.group_in(); ++c)
        sum += static_cast<uint32_t>((pixel[c] - p.in_zero) *
                                     weights[(c * p.kernel_h + i) * p.kernel_w + j]);
    }
  return sum;
}

}  // namespace

void qconv_reference_pack(const QConvProblem& problem, const QConvWeights& weights,
                          std::byte* packed) {
  QPacker packer(QPacking(problem.out_channels, problem.weight_count()), problem, weights, packed);
  for (int64_t o = 0; o < problem.out_channels; ++o) packer.set_channel(o, o, problem.in_zero);
  std::copy_n(weights.values, problem.weight_count(), packer.weights<int8_t>());
}

size_t qconv_reference_packed_bytes(const QConvProblem& problem) {
  return QPacking(problem.out_channels, problem.weight_count()).total;
}

void qconv_reference_run(const QConvProblem& problem, const PackedConv& packed,
                         const QConvMaps& maps, ThreadPool& pool, std::span<std::byte>) {
  const QPacking packing(problem.out_channels, problem.weight_count());
  const auto* weights = reinterpret_cast<const int8_t*>(packing.weights_of(packed));
  const int64_t weights_each = problem.group_in() * problem.taps();
  const bool add = problem.residual != Residual::kNone;
  pool.parallel_for(problem.out_height, [&](int64_t y, int) {
    for (int64_t x = 0; x < problem.out_width; ++x)
      for (int64_t o = 0; o < problem.out_channels; ++o) {
        const uint32_t sum = static_cast<uint32_t>(packing.constants_of(packed)[o]) +
                             window_sum(problem, maps.input, y, x, o / problem.group_out(),
                                        weights + o * weights_each);
        const auto acc = static_cast<int32_t>(sum);
        const float scale = packing.scales_of(packed)[o];
        if (problem.output == QOutput::kFloats) {
          maps.floats.at(y, x)[o] = output_float(packing.rule(packed), acc, scale);
        } else {
          const uint8_t residual = add ? maps.residual.at(y, x)[o] : uint8_t{0};
          maps.output.at(y, x)[o] = output_byte(packing.rule(packed), acc, scale, add, residual);
        }
      }
  });
}

}  // namespace shrike::kernels
