#include "kernels/conv/reference.h"

#include <algorithm>

namespace shrike::kernels {

namespace {

// The sum over the window of output (y, x), group g's channels, with one output's weights.
double window_sum(const ConvProblem& p, const ConstMapView& input, int64_t y, int64_t x, int64_t g,
                  const float* weights) {
  double sum = 0;
  for (int64_t i = 0; i < p.kernel_h; ++i)
    for (int64_t j = 0; j < p.kernel_w; ++j) {
      const int64_t in_y = y * p.stride_h - p.pad_top + i * p.dilation_h;
      const int64_t in_x = x * p.stride_w - p.pad_left + j * p.dilation_w;
      if (in_y < 0 || in_y >= p.in_height || in_x < 0 || in_x >= p.in_width) continue;
      const float* pixel = input.at(in_y, in_x) + g * p.group_in();
      for (int64_t c = 0; c < p.group_in(); ++c)
        sum += static_cast<double>(pixel[c]) * weights[(c * p.kernel_h + i) * p.kernel_w + j];
    }
  return sum;
}

}  // namespace

size_t conv_reference_packed_bytes(const ConvProblem& problem) {
  return static_cast<size_t>(problem.weight_count() + problem.out_channels) * sizeof(float);
}

// The weights as they came, then the bias.
void conv_reference_pack(const ConvProblem& problem, const float* weights, const float* bias,
                         float* packed) {
  const int64_t count = problem.weight_count();
  std::copy(weights, weights + count, packed);
  if (bias) std::copy(bias, bias + problem.out_channels, packed + count);
}

void conv_reference_run(const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
                        ThreadPool& pool, std::span<std::byte>) {
  const float* weights = packed.floats();
  const float* bias = weights + problem.weight_count();
  const int64_t weights_each = problem.group_in() * problem.taps();
  pool.parallel_for(problem.out_height, [&](int64_t y, int) {
    for (int64_t x = 0; x < problem.out_width; ++x)
      for (int64_t o = 0; o < problem.out_channels; ++o) {
        double sum = bias[o] + window_sum(problem, maps.input, y, x, o / problem.group_out(),
                                          weights + o * weights_each);
        if (problem.residual == Residual::kBeforeActivation) sum += maps.residual.at(y, x)[o];
        float value = apply_reference(problem.activation, static_cast<float>(sum));
        if (problem.residual == Residual::kAfterActivation) value += maps.residual.at(y, x)[o];
        maps.output.at(y, x)[o] = value;
      }
  });
}

}  // namespace shrike::kernels
