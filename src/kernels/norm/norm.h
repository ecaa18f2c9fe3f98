// A batch norm and the activation behind it while they learn: what runs over the maps.
//
// With rows r of `channels` elements c (a map is height * width rows, NHWC):
//   moments   sum[c] = sum over r of z[r,c] - pivot[c],  squares[c] = ... (z[r,c] - pivot[c])^2
//   apply     y[r,c] = f(slope[c] * z[r,c] + offset[c])
//   slopes    with g[r,c] = dy[r,c] * f'(slope[c] * z[r,c] + offset[c]):
//             sum[c] = sum over r of g[r,c],  products[c] = ... g[r,c] * (z[r,c] - mean[c])
//   backward  dz[r,c] = gain[c] * g[r,c] + tilt[c] * (z[r,c] - mean[c]) + shift[c]
// Sums are of floats, one after the other along r in the order of the rows: callers take few rows
// at once (norm_rows()) and add those sums in doubles. Rows of z are z_stride apart, those of dy
// dy_stride, those of y y_stride; those of dz lie back to back, and dz may be z where z's do, too.
// The result depends on the rows given and the row of the table, not on threads: there are none
// here.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/activation/activation.h"
#include "kernels/select.h"

namespace shrike::kernels {

// Rows of which sums are taken at once.
constexpr int64_t norm_rows(int64_t channels) {
  return channels <= 64 ? 256 : channels <= 1024 ? 16384 / channels : 16;
}

struct NormRows {
  const float* z = nullptr;
  int64_t z_stride = 0;
  int64_t rows = 0;
  int64_t channels = 0;
  const float* slope = nullptr;   // but for moments
  const float* offset = nullptr;  // likewise
  const float* mean = nullptr;    // slopes, backward; moments: the pivot
  const float* dy = nullptr;      // slopes, backward
  int64_t dy_stride = 0;
};

struct NormFactors {
  const float *gain = nullptr, *tilt = nullptr, *shift = nullptr;
};

// Whether there is a derivative of it here: none, ReLU, leaky ReLU, SiLU, hard swish, Mish.
bool norm_takes(ActivationKind kind);

struct NormKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const Activation&);
  void (*moments)(const NormRows&, float* sum, float* squares);
  void (*apply)(const Activation&, const NormRows&, float* y, int64_t y_stride);
  void (*slopes)(const Activation&, const NormRows&, float* sum, float* products);
  void (*backward)(const Activation&, const NormRows&, const NormFactors&, float* dz);
};

std::span<const NormKernel> norm_kernels();

// f'(x) as ONNX's formulas give it; at a kink the derivative of the left side, of hard swish's
// upper one too.
float activation_slope(const Activation& f, float x);

}  // namespace shrike::kernels
