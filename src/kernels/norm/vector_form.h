// The functions of norm.h on vectors: included behind activation/vector_avx2.h or its like by the
// file of each instruction set.
#pragma once

#include "kernels/norm/norm.h"

namespace shrike::kernels {
namespace {

// f'(x), made from the parameters.
struct SlopeNone {
  explicit SlopeNone(const Activation&) {}
  Vec operator()(Vec) const { return splat(1.0f); }
};
struct SlopeRelu {
  explicit SlopeRelu(const Activation&) {}
  Vec operator()(Vec x) const { return choose(less(splat(0.0f), x), splat(1.0f), splat(0.0f)); }
};
struct SlopeLeakyRelu {
  explicit SlopeLeakyRelu(const Activation& a) : alpha(splat(a.alpha)) {}
  Vec operator()(Vec x) const { return choose(less(splat(0.0f), x), splat(1.0f), alpha); }
  Vec alpha;
};
// s (1 + x (1 - s))
struct SlopeSilu {
  explicit SlopeSilu(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec s = splat(1.0f) / one_plus_exp_minus(x);
    return fma(x * s, splat(1.0f) - s, s);
  }
  OnePlusExpMinus one_plus_exp_minus;
};
struct SlopeHardSwish {
  explicit SlopeHardSwish(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec inner = fma(x, splat(1.0f / 3), splat(0.5f));
    return choose(less(x, splat(-3.0f)), splat(0.0f),
                  choose(less(splat(3.0f), x), splat(1.0f), inner));
  }
};
// With e = e^x, n = e (e + 2): t = tanh(softplus(x)) = n / (n + 2); beyond 20 the slope is 1.
struct SlopeMish {
  explicit SlopeMish(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec limit = smaller(splat(20.0f), x), one = splat(1.0f);
    const Vec e = exp_clamped(limit);
    const Vec n = e * (e + splat(2.0f));
    const Vec t = n / (n + splat(2.0f)), s = e / (e + one);
    return fma(limit * s, fnma(t, t, one), t);
  }
};

// Calls call.operator()<Function, Slope>() for the activation; SiLU where the kind is none of
// norm_takes().
template <typename Call>
void with_slope(ActivationKind kind, const Call& call) {
  switch (kind) {
    case ActivationKind::kNone:
      return call.template operator()<VecNone, SlopeNone>();
    case ActivationKind::kRelu:
      return call.template operator()<VecRelu, SlopeRelu>();
    case ActivationKind::kLeakyRelu:
      return call.template operator()<VecLeakyRelu, SlopeLeakyRelu>();
    case ActivationKind::kSteepLeakyRelu:
      return call.template operator()<VecSteepLeakyRelu, SlopeLeakyRelu>();
    case ActivationKind::kHardSwish:
      return call.template operator()<VecHardSwish, SlopeHardSwish>();
    case ActivationKind::kMish:
      return call.template operator()<VecMish, SlopeMish>();
    default:
      return call.template operator()<VecSilu, SlopeSilu>();
  }
}

// Calls body.operator()<K, kWhole>(first channel, channels of the last vector) for groups of K
// vectors of channels: sums then stay in registers while the rows go by.
template <typename Body>
void for_each_group(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + 4 * kLanes <= channels; c += 4 * kLanes) body.template operator()<4, true>(c, kLanes);
  for (; c + kLanes <= channels; c += kLanes) body.template operator()<1, true>(c, kLanes);
  if (c < channels) body.template operator()<1, false>(c, channels - c);
}

template <bool kWhole>
Vec load_part(const float* source, int64_t count) {
  if constexpr (kWhole) return load(source);
  return load_some(source, count);
}

template <bool kWhole>
void store_part(float* target, Vec value, int64_t count) {
  if constexpr (kWhole) return store(target, value);
  store_some(target, value, count);
}

void moments_form(const NormRows& in, float* sum, float* squares) {
  for_each_group(in.channels, [&]<int K, bool kWhole>(int64_t c, int64_t last) {
    Vec pivot[K], s[K], q[K];
    for (int k = 0; k < K; ++k) {
      pivot[k] = load_part<kWhole>(in.mean + c + k * kLanes, last);
      s[k] = q[k] = splat(0.0f);
    }
    const float* z = in.z + c;
    for (int64_t r = 0; r < in.rows; ++r, z += in.z_stride)
      for (int k = 0; k < K; ++k) {
        const Vec x = load_part<kWhole>(z + k * kLanes, last) - pivot[k];
        s[k] = s[k] + x;
        q[k] = fma(x, x, q[k]);
      }
    for (int k = 0; k < K; ++k) {
      store_part<kWhole>(sum + c + k * kLanes, s[k], last);
      store_part<kWhole>(squares + c + k * kLanes, q[k], last);
    }
  });
}

template <typename Function>
void apply_rows(const Function& f, const NormRows& in, float* y, int64_t y_stride) {
  for_each_group(in.channels, [&]<int K, bool kWhole>(int64_t c, int64_t last) {
    Vec slope[K], offset[K];
    for (int k = 0; k < K; ++k) {
      slope[k] = load_part<kWhole>(in.slope + c + k * kLanes, last);
      offset[k] = load_part<kWhole>(in.offset + c + k * kLanes, last);
    }
    const float* z = in.z + c;
    float* out = y + c;
    for (int64_t r = 0; r < in.rows; ++r, z += in.z_stride, out += y_stride)
      for (int k = 0; k < K; ++k) {
        const Vec x = load_part<kWhole>(z + k * kLanes, last);
        store_part<kWhole>(out + k * kLanes, f(fma(slope[k], x, offset[k])), last);
      }
  });
}

void apply_form(const Activation& f, const NormRows& in, float* y, int64_t y_stride) {
  with_slope(f.kind, [&]<typename Function, typename Slope>() {
    apply_rows(Function(f), in, y, y_stride);
  });
}

template <typename Slope>
void slope_sums(const Slope& slope_of, const NormRows& in, float* sum, float* products) {
  for_each_group(in.channels, [&]<int K, bool kWhole>(int64_t c, int64_t last) {
    Vec slope[K], offset[K], mean[K], s[K], p[K];
    for (int k = 0; k < K; ++k) {
      slope[k] = load_part<kWhole>(in.slope + c + k * kLanes, last);
      offset[k] = load_part<kWhole>(in.offset + c + k * kLanes, last);
      mean[k] = load_part<kWhole>(in.mean + c + k * kLanes, last);
      s[k] = p[k] = splat(0.0f);
    }
    const float *z = in.z + c, *dy = in.dy + c;
    for (int64_t r = 0; r < in.rows; ++r, z += in.z_stride, dy += in.dy_stride)
      for (int k = 0; k < K; ++k) {
        const Vec x = load_part<kWhole>(z + k * kLanes, last);
        const Vec g =
            load_part<kWhole>(dy + k * kLanes, last) * slope_of(fma(slope[k], x, offset[k]));
        s[k] = s[k] + g;
        p[k] = fma(g, x - mean[k], p[k]);
      }
    for (int k = 0; k < K; ++k) {
      store_part<kWhole>(sum + c + k * kLanes, s[k], last);
      store_part<kWhole>(products + c + k * kLanes, p[k], last);
    }
  });
}

void slopes_form(const Activation& f, const NormRows& in, float* sum, float* products) {
  with_slope(f.kind,
             [&]<typename Function, typename Slope>() { slope_sums(Slope(f), in, sum, products); });
}

template <typename Slope>
void backward_rows(const Slope& slope_of, const NormRows& in, const NormFactors& factors,
                   float* dz) {
  for_each_group(in.channels, [&]<int K, bool kWhole>(int64_t c, int64_t last) {
    const auto at = [&](const float* values, int k) {
      return load_part<kWhole>(values + c + k * kLanes, last);
    };
    Vec slope[K], offset[K], gain[K], tilt[K], shift[K];
    for (int k = 0; k < K; ++k) {
      slope[k] = at(in.slope, k);
      offset[k] = at(in.offset, k);
      gain[k] = at(factors.gain, k);
      tilt[k] = at(factors.tilt, k);
      shift[k] = at(factors.shift, k);
    }
    for (int64_t r = 0; r < in.rows; ++r)
      for (int k = 0; k < K; ++k) {
        const Vec x = at(in.z + r * in.z_stride, k);
        const Vec g = at(in.dy + r * in.dy_stride, k) * slope_of(fma(slope[k], x, offset[k]));
        const Vec line = fma(tilt[k], x - at(in.mean, k), shift[k]);
        store_part<kWhole>(dz + r * in.channels + c + k * kLanes, fma(gain[k], g, line), last);
      }
  });
}

void backward_form(const Activation& f, const NormRows& in, const NormFactors& factors, float* dz) {
  with_slope(f.kind, [&]<typename Function, typename Slope>() {
    backward_rows(Slope(f), in, factors, dz);
  });
}

}  // namespace
}  // namespace shrike::kernels
