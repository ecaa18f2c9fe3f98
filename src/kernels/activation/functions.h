// The activations on vectors. Included at the end of vector_avx2.h and vector_avx512.h alone: what
// they define, the type Vec and its operations, is what these functions are made of.
#pragma once

#include "kernels/activation/alike.h"

namespace shrike::kernels {
namespace {

// The same pointer, of which the compiler knows nothing any more where tiles fill 32 registers:
// what is read through it is read behind this, and not in front of a loop around it, to stay in
// registers that others need. With 16 constants would not stay in any case.
template <typename T>
[[gnu::always_inline]] inline const T* hidden(const T* pointer) {
  if constexpr (kLanes == 16) asm volatile("" : "+r"(pointer));
  return pointer;
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
//
// The constants come from memory, when it is made: in a loop that needs all registers for something
// else first, make it behind that (see hidden()).
class OnePlusExpMinus {
 public:
  OnePlusExpMinus() {
    const float* constants = hidden(kConstants);
    per_power_ = splat(constants[0]);
    round_ = splat(constants[1]);
    ln2_ = splat(constants[2]);
    cubic_ = splat(constants[3]);
    square_ = splat(constants[4]);
    minus_one_ = splat(constants[5]);
    one_ = splat(constants[6]);
    least_ = splat(constants[7]);
    most_ = splat(constants[8]);
    powers_ = load_aligned(hidden(kPowers.entries));
  }
  Vec operator()(Vec x) const {
    const Vec limit = limited(x, least_, most_);
    const Vec shifted = fma(limit, per_power_, round_);
    const Vec f = fma(shifted - round_, ln2_, limit);
    Vec p = fma(f, cubic_, square_);
    p = fma(p, f, minus_one_);
    p = fma(p, f, one_);
    return fma(power_of_root(shifted, powers_), p, one_);
  }

 private:
  static constexpr bool kFine = kPowerBits > 3;
  static constexpr float kConstants[] = {-1.44269504f,
                                         12582912.0f / (1 << kPowerBits),
                                         0.69314718f,
                                         kFine ? -0.166660741f : -0.166642979f,
                                         kFine ? 0.500016212f : 0.500064790f,
                                         -1.0f,
                                         1.0f,
                                         -87.3f,
                                         87.3f};
  Vec per_power_, round_, ln2_, cubic_, square_, minus_one_, one_, least_, most_, powers_;
};

struct VecSilu {
  explicit VecSilu(const Activation&) {}
  Vec operator()(Vec x) const { return x / one_plus_exp_minus(x); }
  OnePlusExpMinus one_plus_exp_minus;
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
    case ActivationKind::kSteepLeakyRelu:
      return maker.template operator()<VecSteepLeakyRelu>();
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
