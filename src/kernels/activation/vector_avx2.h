// The activations on vectors of 8 floats. Only for files compiled with AVX2 and FMA: everything
// lies in an unnamed namespace, so that no other file's copy can be replaced by one of these.
//
// exp is 2^n * e^f with n = round(x / ln 2) and |f| <= ln 2 / 2; e^f - 1 is a polynomial fitted to
// a relative error of 1.4e-8, so e^x is right to about one unit in the last place, and e^x - 1
// keeps its relative accuracy near 0, which tanh and elu need.
#pragma once

#include <immintrin.h>

#include "kernels/activation/activation.h"

namespace shrike::kernels {
namespace {

using Vec = __m256;

inline Vec splat(float value) { return _mm256_set1_ps(value); }

// e^x = scale + scale * f * p: scale = 2^n, e^f = 1 + f p.
struct ExpParts {
  Vec scale, f, p;
};

// Requires -87.4 <= x <= 88.4, or NaN.
inline ExpParts exp_parts(Vec x) {
  const Vec round = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const Vec shifted = _mm256_fmadd_ps(x, splat(1.44269504f), round);
  const Vec n = _mm256_sub_ps(shifted, round);
  Vec f = _mm256_fnmadd_ps(n, splat(0.693145752f), x);
  f = _mm256_fnmadd_ps(n, splat(1.42860677e-6f), f);
  Vec p = splat(0.0013882494531571865f);
  p = _mm256_fmadd_ps(p, f, splat(0.00836664717644453f));
  p = _mm256_fmadd_ps(p, f, splat(0.04166720435023308f));
  p = _mm256_fmadd_ps(p, f, splat(0.16666541993618011f));
  p = _mm256_fmadd_ps(p, f, splat(0.4999999701976776f));
  p = _mm256_fmadd_ps(p, f, splat(1.0f));
  const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
  const __m256i one = _mm256_castps_si256(splat(1.0f));
  return {_mm256_castsi256_ps(_mm256_add_epi32(exponent, one)), f, p};
}

// min and max return their second operand when either is a NaN, which keeps the NaN of x.
inline Vec clamp(Vec x, float low, float high) {
  return _mm256_min_ps(splat(high), _mm256_max_ps(splat(low), x));
}

// offset + e^x, with x clamped to where e^x is a normal number. An offset of -1 keeps the relative
// accuracy near 0.
inline Vec exp_plus(Vec x, float offset) {
  const ExpParts e = exp_parts(clamp(x, -87.3f, 88.3f));
  return _mm256_fmadd_ps(_mm256_mul_ps(e.scale, e.f), e.p, _mm256_add_ps(e.scale, splat(offset)));
}

inline Vec exp_clamped(Vec x) {
  const ExpParts e = exp_parts(clamp(x, -87.3f, 88.3f));
  return _mm256_fmadd_ps(_mm256_mul_ps(e.scale, e.f), e.p, e.scale);
}

// e^x for every x: 0 below the normal numbers, infinity above the finite ones.
inline Vec exp_full(Vec x) {
  const Vec small = _mm256_cmp_ps(x, splat(-87.3f), _CMP_LT_OQ);
  // Halving the argument's overshoot: e^x = e^(x - ln 2) * 2 reaches the largest finite numbers.
  const Vec large = _mm256_cmp_ps(x, splat(88.0f), _CMP_GT_OQ);
  const Vec reduced = _mm256_sub_ps(x, _mm256_and_ps(large, splat(1.0f)));
  const Vec factor = _mm256_blendv_ps(splat(1.0f), splat(2.71828183f), large);
  Vec result = _mm256_mul_ps(exp_clamped(reduced), factor);
  const Vec infinite = _mm256_cmp_ps(x, splat(88.7228394f), _CMP_GT_OQ);
  result = _mm256_blendv_ps(result, splat(__builtin_inff()), infinite);
  return _mm256_andnot_ps(small, result);
}

inline Vec sigmoid_of(Vec x) {
  return _mm256_div_ps(splat(1.0f), exp_plus(_mm256_xor_ps(x, splat(-0.0f)), 1));
}

// tanh(x) = m / (m + 2), m = e^2x - 1; taken at -|x|, where m stays within -1..0.
inline Vec tanh_of(Vec x) {
  const Vec sign = _mm256_and_ps(x, splat(-0.0f));
  const Vec below = _mm256_or_ps(x, splat(-0.0f));
  const Vec m = exp_plus(_mm256_add_ps(below, below), -1);
  const Vec t = _mm256_div_ps(m, _mm256_add_ps(m, splat(2.0f)));
  return _mm256_xor_ps(_mm256_xor_ps(t, splat(-0.0f)), sign);
}

// One functor per kind: made from the parameters, then applied to any number of vectors.
struct VecNone {
  explicit VecNone(const Activation&) {}
  Vec operator()(Vec x) const { return x; }
};
struct VecRelu {
  explicit VecRelu(const Activation&) {}
  Vec operator()(Vec x) const { return _mm256_max_ps(_mm256_setzero_ps(), x); }
};
struct VecLeakyRelu {
  explicit VecLeakyRelu(const Activation& a) : alpha(splat(a.alpha)) {}
  Vec operator()(Vec x) const { return _mm256_blendv_ps(x, _mm256_mul_ps(x, alpha), x); }
  Vec alpha;
};
struct VecClip {
  explicit VecClip(const Activation& a) : low(splat(a.alpha)), high(splat(a.beta)) {}
  Vec operator()(Vec x) const { return _mm256_min_ps(high, _mm256_max_ps(low, x)); }
  Vec low, high;
};
struct VecSigmoid {
  explicit VecSigmoid(const Activation&) {}
  Vec operator()(Vec x) const { return sigmoid_of(x); }
};
struct VecSilu {
  explicit VecSilu(const Activation&) {}
  Vec operator()(Vec x) const {
    return _mm256_div_ps(x, exp_plus(_mm256_xor_ps(x, splat(-0.0f)), 1));
  }
};
struct VecTanh {
  explicit VecTanh(const Activation&) {}
  Vec operator()(Vec x) const { return tanh_of(x); }
};
// tanh(ln(1 + e)) = n / (n + 2) with n = e (e + 2); beyond 20 it is 1.
struct VecMish {
  explicit VecMish(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec e = exp_clamped(_mm256_min_ps(splat(20.0f), x));
    const Vec n = _mm256_mul_ps(e, _mm256_add_ps(e, splat(2.0f)));
    return _mm256_mul_ps(x, _mm256_div_ps(n, _mm256_add_ps(n, splat(2.0f))));
  }
};
struct VecHardSigmoid {
  explicit VecHardSigmoid(const Activation& a) : alpha(splat(a.alpha)), beta(splat(a.beta)) {}
  Vec operator()(Vec x) const { return clamp(_mm256_fmadd_ps(x, alpha, beta), 0, 1); }
  Vec alpha, beta;
};
struct VecHardSwish {
  explicit VecHardSwish(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec gate = clamp(_mm256_fmadd_ps(x, splat(1.0f / 6), splat(0.5f)), 0, 1);
    return _mm256_mul_ps(x, gate);
  }
};
struct VecElu {
  explicit VecElu(const Activation& a) : alpha(splat(a.alpha)) {}
  Vec operator()(Vec x) const {
    return _mm256_blendv_ps(x, _mm256_mul_ps(alpha, exp_plus(x, -1)), x);
  }
  Vec alpha;
};
struct VecSelu {
  explicit VecSelu(const Activation& a) : elu(a), beta(splat(a.beta)) {}
  Vec operator()(Vec x) const { return _mm256_mul_ps(beta, elu(x)); }
  VecElu elu;
  Vec beta;
};
struct VecGeluTanh {
  explicit VecGeluTanh(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec cubic = _mm256_fmadd_ps(_mm256_mul_ps(x, x), splat(0.044715f), splat(1.0f));
    const Vec t = tanh_of(_mm256_mul_ps(_mm256_mul_ps(x, splat(0.79788456f)), cubic));
    return _mm256_mul_ps(_mm256_mul_ps(x, splat(0.5f)), _mm256_add_ps(t, splat(1.0f)));
  }
};
struct VecExp {
  explicit VecExp(const Activation&) {}
  Vec operator()(Vec x) const { return exp_full(x); }
};
struct VecSqrt {
  explicit VecSqrt(const Activation&) {}
  Vec operator()(Vec x) const { return _mm256_sqrt_ps(x); }
};
struct VecReciprocal {
  explicit VecReciprocal(const Activation&) {}
  Vec operator()(Vec x) const { return _mm256_div_ps(splat(1.0f), x); }
};
struct VecNegate {
  explicit VecNegate(const Activation&) {}
  Vec operator()(Vec x) const { return _mm256_xor_ps(x, splat(-0.0f)); }
};
struct VecAbs {
  explicit VecAbs(const Activation&) {}
  Vec operator()(Vec x) const { return _mm256_andnot_ps(splat(-0.0f), x); }
};
struct VecSquare {
  explicit VecSquare(const Activation&) {}
  Vec operator()(Vec x) const { return _mm256_mul_ps(x, x); }
};
template <int kMode>
struct VecRounded {
  explicit VecRounded(const Activation&) {}
  Vec operator()(Vec x) const { return _mm256_round_ps(x, kMode | _MM_FROUND_NO_EXC); }
};
// The kinds that are too rare for a vector form, element by element.
struct VecByReference {
  explicit VecByReference(const Activation& a)
      : function(kActivations[static_cast<int>(a.kind)].reference), alpha(a.alpha), beta(a.beta) {}
  Vec operator()(Vec x) const {
    alignas(32) float lanes[8];
    _mm256_store_ps(lanes, x);
    for (float& lane : lanes) lane = function(lane, alpha, beta);
    return _mm256_load_ps(lanes);
  }
  float (*function)(float, float, float);
  float alpha, beta;
};

// Calls maker.operator()<Functor>() for the functor of `kind` and returns what it returns.
template <typename Maker>
auto with_vector_activation(ActivationKind kind, const Maker& maker) {
  switch (kind) {
    case ActivationKind::kNone:
      return maker.template operator()<VecNone>();
    case ActivationKind::kRelu:
      return maker.template operator()<VecRelu>();
    case ActivationKind::kLeakyRelu:
      return maker.template operator()<VecLeakyRelu>();
    case ActivationKind::kClip:
      return maker.template operator()<VecClip>();
    case ActivationKind::kSigmoid:
      return maker.template operator()<VecSigmoid>();
    case ActivationKind::kSilu:
      return maker.template operator()<VecSilu>();
    case ActivationKind::kTanh:
      return maker.template operator()<VecTanh>();
    case ActivationKind::kMish:
      return maker.template operator()<VecMish>();
    case ActivationKind::kHardSigmoid:
      return maker.template operator()<VecHardSigmoid>();
    case ActivationKind::kHardSwish:
      return maker.template operator()<VecHardSwish>();
    case ActivationKind::kElu:
      return maker.template operator()<VecElu>();
    case ActivationKind::kSelu:
      return maker.template operator()<VecSelu>();
    case ActivationKind::kGeluTanh:
      return maker.template operator()<VecGeluTanh>();
    case ActivationKind::kExp:
      return maker.template operator()<VecExp>();
    case ActivationKind::kSqrt:
      return maker.template operator()<VecSqrt>();
    case ActivationKind::kReciprocal:
      return maker.template operator()<VecReciprocal>();
    case ActivationKind::kNegate:
      return maker.template operator()<VecNegate>();
    case ActivationKind::kAbs:
      return maker.template operator()<VecAbs>();
    case ActivationKind::kSquare:
      return maker.template operator()<VecSquare>();
    case ActivationKind::kFloor:
      return maker.template operator()<VecRounded<_MM_FROUND_TO_NEG_INF>>();
    case ActivationKind::kCeil:
      return maker.template operator()<VecRounded<_MM_FROUND_TO_POS_INF>>();
    case ActivationKind::kRound:
      return maker.template operator()<VecRounded<_MM_FROUND_TO_NEAREST_INT>>();
    default:
      return maker.template operator()<VecByReference>();
  }
}

}  // namespace
}  // namespace shrike::kernels
