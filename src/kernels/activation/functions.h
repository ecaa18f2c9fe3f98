// The activations on vectors. Included at the end of vector_avx2.h and vector_avx512.h alone: what
// they define, the type Vec and its operations, is what these functions are made of.
//
// exp is 2^n * e^f with n = round(x / ln 2) and |f| <= ln 2 / 2; e^f - 1 is a polynomial fitted to
// a relative error of 1.4e-8, so e^x is right to about one unit in the last place, and e^x - 1
// keeps its relative accuracy near 0, which tanh and elu need.
#pragma once

namespace shrike::kernels {
namespace {

// e^x = scale + scale * f * p: scale = 2^n, e^f = 1 + f p.
struct ExpParts {
  Vec scale, f, p;
};

// Requires -87.4 <= x <= 88.4, or NaN.
inline ExpParts exp_parts(Vec x) {
  const Vec round = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const Vec shifted = fma(x, splat(1.44269504f), round);
  const Vec n = shifted - round;
  Vec f = fnma(n, splat(0.693145752f), x);
  f = fnma(n, splat(1.42860677e-6f), f);
  Vec p = splat(0.0013882494531571865f);
  p = fma(p, f, splat(0.00836664717644453f));
  p = fma(p, f, splat(0.04166720435023308f));
  p = fma(p, f, splat(0.16666541993618011f));
  p = fma(p, f, splat(0.4999999701976776f));
  p = fma(p, f, splat(1.0f));
  return {power_of_two(shifted), f, p};
}

// A NaN comes through, see smaller().
inline Vec clamp(Vec x, float low, float high) {
  return smaller(splat(high), larger(splat(low), x));
}

// offset + e^x, with x clamped to where e^x is a normal number. An offset of -1 keeps the relative
// accuracy near 0.
inline Vec exp_plus(Vec x, float offset) {
  const ExpParts e = exp_parts(clamp(x, -87.3f, 88.3f));
  return fma(e.scale * e.f, e.p, e.scale + splat(offset));
}

inline Vec exp_clamped(Vec x) {
  const ExpParts e = exp_parts(clamp(x, -87.3f, 88.3f));
  return fma(e.scale * e.f, e.p, e.scale);
}

// e^x for every x: 0 below the normal numbers, infinity above the finite ones.
inline Vec exp_full(Vec x) {
  // Halving the argument's overshoot: e^x = e^(x - ln 2) * 2 reaches the largest finite numbers.
  const Mask large = less(splat(88.0f), x);
  const Vec reduced = choose(large, x - splat(1.0f), x);
  const Vec factor = choose(large, splat(2.71828183f), splat(1.0f));
  Vec result = exp_clamped(reduced) * factor;
  result = choose(less(splat(88.7228394f), x), splat(__builtin_inff()), result);
  return choose(less(x, splat(-87.3f)), splat(0.0f), result);
}

// 1 + e^-x while e^x and e^-x are normal numbers, some finite number elsewhere: for SiLU, on which
// many networks spend most of what is not multiplying. e^-x is 2^n e^-f with n a multiple of
// 2^-kPowerBits, for whose fraction there is a table, and with |f| so small that three terms are
// right to 3e-8. One constant is enough for ln 2: it is off by 3e-9, as if x were, and x itself was
// rounded by more.
inline Vec one_plus_exp_minus(Vec x) {
  const Vec limit = limited(x, 87.3f);
  const Vec round = splat(12582912.0f / (1 << kPowerBits));
  const Vec shifted = fma(limit, splat(-1.44269504f), round);
  const Vec f = fma(shifted - round, splat(0.69314718f), limit);
  constexpr bool kFine = kPowerBits > 3;
  Vec p = fma(f, splat(kFine ? -0.166660741f : -0.166642979f),
              splat(kFine ? 0.500016212f : 0.500064790f));
  p = fma(p, f, splat(-1.0f));
  p = fma(p, f, splat(1.0f));
  return fma(power_of_root(shifted), p, splat(1.0f));
}

inline Vec sigmoid_of(Vec x) { return splat(1.0f) / exp_plus(bits_xor(x, splat(-0.0f)), 1); }

// tanh(x) = m / (m + 2), m = e^2x - 1; taken at -|x|, where m stays within -1..0.
inline Vec tanh_of(Vec x) {
  const Vec sign = bits_and(x, splat(-0.0f));
  const Vec below = bits_or(x, splat(-0.0f));
  const Vec m = exp_plus(below + below, -1);
  const Vec t = m / (m + splat(2.0f));
  return bits_xor(bits_xor(t, splat(-0.0f)), sign);
}

// One functor per kind: made from the parameters, then applied to any number of vectors.
struct VecNone {
  explicit VecNone(const Activation&) {}
  Vec operator()(Vec x) const { return x; }
};
struct VecRelu {
  explicit VecRelu(const Activation&) {}
  Vec operator()(Vec x) const { return larger(splat(0.0f), x); }
};
struct VecLeakyRelu {
  explicit VecLeakyRelu(const Activation& a) : alpha(splat(a.alpha)) {}
  // One of the two is 0, for an alpha of any size.
  Vec operator()(Vec x) const {
    return fma(alpha, smaller(splat(0.0f), x), larger(splat(0.0f), x));
  }
  Vec alpha;
};
struct VecClip {
  explicit VecClip(const Activation& a) : low(splat(a.alpha)), high(splat(a.beta)) {}
  Vec operator()(Vec x) const { return smaller(high, larger(low, x)); }
  Vec low, high;
};
struct VecSigmoid {
  explicit VecSigmoid(const Activation&) {}
  Vec operator()(Vec x) const { return sigmoid_of(x); }
};
struct VecSilu {
  explicit VecSilu(const Activation&) {}
  Vec operator()(Vec x) const { return x / one_plus_exp_minus(x); }
};
struct VecTanh {
  explicit VecTanh(const Activation&) {}
  Vec operator()(Vec x) const { return tanh_of(x); }
};
// tanh(ln(1 + e)) = n / (n + 2) with n = e (e + 2); beyond 20 it is 1.
struct VecMish {
  explicit VecMish(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec e = exp_clamped(smaller(splat(20.0f), x));
    const Vec n = e * (e + splat(2.0f));
    return x * (n / (n + splat(2.0f)));
  }
};
struct VecHardSigmoid {
  explicit VecHardSigmoid(const Activation& a) : alpha(splat(a.alpha)), beta(splat(a.beta)) {}
  Vec operator()(Vec x) const { return clamp(fma(x, alpha, beta), 0, 1); }
  Vec alpha, beta;
};
struct VecHardSwish {
  explicit VecHardSwish(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec gate = clamp(fma(x, splat(1.0f / 6), splat(0.5f)), 0, 1);
    return x * gate;
  }
};
struct VecElu {
  explicit VecElu(const Activation& a) : alpha(splat(a.alpha)) {}
  Vec operator()(Vec x) const { return choose(negative(x), alpha * exp_plus(x, -1), x); }
  Vec alpha;
};
struct VecSelu {
  explicit VecSelu(const Activation& a) : elu(a), beta(splat(a.beta)) {}
  Vec operator()(Vec x) const { return beta * elu(x); }
  VecElu elu;
  Vec beta;
};
struct VecGeluTanh {
  explicit VecGeluTanh(const Activation&) {}
  Vec operator()(Vec x) const {
    const Vec cubic = fma(x * x, splat(0.044715f), splat(1.0f));
    const Vec t = tanh_of(x * splat(0.79788456f) * cubic);
    return x * splat(0.5f) * (t + splat(1.0f));
  }
};
struct VecExp {
  explicit VecExp(const Activation&) {}
  Vec operator()(Vec x) const { return exp_full(x); }
};
struct VecSqrt {
  explicit VecSqrt(const Activation&) {}
  Vec operator()(Vec x) const { return square_root(x); }
};
struct VecReciprocal {
  explicit VecReciprocal(const Activation&) {}
  Vec operator()(Vec x) const { return splat(1.0f) / x; }
};
struct VecNegate {
  explicit VecNegate(const Activation&) {}
  Vec operator()(Vec x) const { return bits_xor(x, splat(-0.0f)); }
};
struct VecAbs {
  explicit VecAbs(const Activation&) {}
  Vec operator()(Vec x) const { return bits_and_not(x, splat(-0.0f)); }
};
struct VecSquare {
  explicit VecSquare(const Activation&) {}
  Vec operator()(Vec x) const { return x * x; }
};
template <int kMode>
struct VecRounded {
  explicit VecRounded(const Activation&) {}
  Vec operator()(Vec x) const { return round_to<kMode>(x); }
};
// The kinds that are too rare for a vector form, element by element.
struct VecByReference {
  explicit VecByReference(const Activation& a)
      : function(kActivations[static_cast<int>(a.kind)].reference), alpha(a.alpha), beta(a.beta) {}
  Vec operator()(Vec x) const {
    alignas(sizeof(Vec)) float lanes[kLanes];
    store_aligned(lanes, x);
    for (float& lane : lanes) lane = function(lane, alpha, beta);
    return load_aligned(lanes);
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
