#include "kernels/norm/norm.h"

#include <algorithm>
#include <cmath>

#include "kernels/norm/forms.h"

namespace shrike::kernels {

namespace {

void moments_reference(const NormRows& in, float* sum, float* squares) {
  std::fill_n(sum, in.channels, 0.0f);
  std::fill_n(squares, in.channels, 0.0f);
  for (int64_t r = 0; r < in.rows; ++r)
    for (int64_t c = 0; c < in.channels; ++c) {
      const float x = in.z[r * in.z_stride + c] - in.mean[c];
      sum[c] += x;
      squares[c] += x * x;
    }
}

void apply_reference(const Activation& f, const NormRows& in, float* y, int64_t y_stride) {
  for (int64_t r = 0; r < in.rows; ++r)
    for (int64_t c = 0; c < in.channels; ++c)
      y[r * y_stride + c] =
          apply_reference(f, in.slope[c] * in.z[r * in.z_stride + c] + in.offset[c]);
}

// dL/d(what the activation is given).
float gradient_at(const Activation& f, const NormRows& in, int64_t r, int64_t c) {
  const float x = in.slope[c] * in.z[r * in.z_stride + c] + in.offset[c];
  return in.dy[r * in.dy_stride + c] * activation_slope(f, x);
}

void slopes_reference(const Activation& f, const NormRows& in, float* sum, float* products) {
  std::fill_n(sum, in.channels, 0.0f);
  std::fill_n(products, in.channels, 0.0f);
  for (int64_t r = 0; r < in.rows; ++r)
    for (int64_t c = 0; c < in.channels; ++c) {
      const float g = gradient_at(f, in, r, c);
      sum[c] += g;
      products[c] += g * (in.z[r * in.z_stride + c] - in.mean[c]);
    }
}

void backward_reference(const Activation& f, const NormRows& in, const NormFactors& factors,
                        float* dz) {
  for (int64_t r = 0; r < in.rows; ++r)
    for (int64_t c = 0; c < in.channels; ++c) {
      const float centred = in.z[r * in.z_stride + c] - in.mean[c];
      dz[r * in.channels + c] = factors.gain[c] * gradient_at(f, in, r, c) +
                                (factors.tilt[c] * centred + factors.shift[c]);
    }
}

const char* refuse(const Activation& f) {
  return norm_takes(f.kind) ? nullptr : "has no derivative of this activation";
}

constexpr NormKernel kNormKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx512", CpuNeed::kAvx512, refuse, norm_moments_avx512, norm_apply_avx512, norm_slopes_avx512,
     norm_backward_avx512},
    {"avx2", CpuNeed::kAvx2Fma, refuse, norm_moments_avx2, norm_apply_avx2, norm_slopes_avx2,
     norm_backward_avx2},
#endif
    {"reference", CpuNeed::kNothing, nullptr, moments_reference, apply_reference, slopes_reference,
     backward_reference},
};

}  // namespace

bool norm_takes(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kNone:
    case ActivationKind::kRelu:
    case ActivationKind::kLeakyRelu:
    case ActivationKind::kSteepLeakyRelu:
    case ActivationKind::kSilu:
    case ActivationKind::kHardSwish:
    case ActivationKind::kMish:
      return true;
    default:
      return false;
  }
}

float activation_slope(const Activation& f, float x) {
  const auto sigmoid = [](float v) { return 1 / (1 + std::exp(-v)); };
  switch (f.kind) {
    case ActivationKind::kRelu:
      return x > 0 ? 1.0f : 0.0f;
    case ActivationKind::kLeakyRelu:
    case ActivationKind::kSteepLeakyRelu:
      return x > 0 ? 1.0f : f.alpha;
    case ActivationKind::kSilu: {
      const float s = sigmoid(x);
      return s * (1 + x * (1 - s));
    }
    case ActivationKind::kHardSwish:
      return x < -3 ? 0.0f : x <= 3 ? x / 3 + 0.5f : 1.0f;
    case ActivationKind::kMish: {
      const float t = std::tanh(x > 20 ? x : std::log1p(std::exp(x)));
      return t + x * sigmoid(x) * (1 - t * t);
    }
    default:
      return 1;
  }
}

std::span<const NormKernel> norm_kernels() { return kNormKernels; }

}  // namespace shrike::kernels
