#include "kernels/conv_transpose/reference.h"

#include <algorithm>

namespace shrike::kernels {

namespace {

// The input position that tap `tap` brings to `position`, or -1.
int64_t source(int64_t position, int64_t tap, int64_t dilation, int64_t pad, int64_t stride,
               int64_t extent) {
  const int64_t shifted = position + pad - tap * dilation;
  if (shifted < 0 || shifted % stride != 0 || shifted / stride >= extent) return -1;
  return shifted / stride;
}

double sum_at(const ConvTransposeProblem& p, const ConstMapView& input, const float* weights,
              int64_t y, int64_t x, int64_t o) {
  const int64_t first = o / p.group_out() * p.group_in(), within = o % p.group_out();
  double sum = 0;
  for (int64_t i = 0; i < p.kernel_h; ++i) {
    const int64_t v = source(y, i, p.dilation_h, p.pad_top, p.stride_h, p.in_height);
    if (v < 0) continue;
    for (int64_t j = 0; j < p.kernel_w; ++j) {
      const int64_t u = source(x, j, p.dilation_w, p.pad_left, p.stride_w, p.in_width);
      if (u < 0) continue;
      for (int64_t c = first; c < first + p.group_in(); ++c)
        sum += static_cast<double>(input.at(v, u)[c]) *
               weights[(c * p.group_out() + within) * p.taps() + i * p.kernel_w + j];
    }
  }
  return sum;
}

int64_t weight_count(const ConvTransposeProblem& p) {
  return p.in_channels * p.group_out() * p.taps();
}

}  // namespace

size_t conv_transpose_reference_packed_bytes(const ConvTransposeProblem& p) {
  return static_cast<size_t>(weight_count(p) + p.out_channels) * sizeof(float);
}

// The weights as they came, then the bias.
void conv_transpose_reference_pack(const ConvTransposeProblem& p, const float* weights,
                                   const float* bias, float* packed) {
  std::copy_n(weights, weight_count(p), packed);
  if (bias) std::copy_n(bias, p.out_channels, packed + weight_count(p));
}

void conv_transpose_reference_run(const ConvTransposeProblem& p, const PackedConv& packed,
                                  const ConstMapView& input, const MapView& output,
                                  ThreadPool& pool, std::span<std::byte>) {
  const float* weights = packed.floats();
  const float* bias = weights + weight_count(p);
  pool.parallel_for(p.out_height, [&](int64_t y, int) {
    for (int64_t x = 0; x < p.out_width; ++x)
      for (int64_t o = 0; o < p.out_channels; ++o)
        output.at(y, x)[o] = apply_reference(
            p.activation, static_cast<float>(bias[o] + sum_at(p, input, weights, y, x, o)));
  });
}

}  // namespace shrike::kernels
