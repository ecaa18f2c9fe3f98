// Activations made of operations that round once and alike everywhere: the same bits on vectors of
// every instruction set and one by one. Included behind what defines the type Vec and its
// operations: vector_avx2.h, vector_avx512.h (in functions.h) or vector_one.h.
//
// exp is 2^n * e^f with n = round(x / ln 2) and |f| <= ln 2 / 2; e^f - 1 is a polynomial fitted to
// a relative error of 1.4e-8, so e^x is right to about one unit in the last place, and e^x - 1
// keeps its relative accuracy near 0, which tanh and elu need.
#pragma once

#include <cassert>

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
  explicit VecLeakyRelu(const Activation& a) : alpha(splat(a.alpha)) { assert(!(a.alpha > 1)); }
  Vec operator()(Vec x) const { return larger(alpha * x, x); }
  Vec alpha;
};
struct VecSteepLeakyRelu {
  explicit VecSteepLeakyRelu(const Activation& a) : alpha(splat(a.alpha)) {}
  Vec operator()(Vec x) const { return choose(negative(x), alpha * x, x); }
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
// SiLU without the table of VecSilu (functions.h), whose size depends on the vector.
struct VecSiluAlike {
  explicit VecSiluAlike(const Activation&) {}
  Vec operator()(Vec x) const { return x / exp_plus(bits_xor(x, splat(-0.0f)), 1); }
};

}  // namespace
}  // namespace shrike::kernels
