// The rule of word_rule.h on vectors: included behind activation/vector_one.h or its like and
//   Vec words_to_floats(const int16_t* source, int64_t count)
//   void store_words(int16_t* target, Vec value, int zero, int64_t count)   round(value) + zero
//   void store_values(float* target, Vec value, int64_t count)
// of which the first min(count, kLanes) are read or written.
#pragma once

#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

template <typename Act>
void finish_values(const WordFinish& f) {
  const Act act(f.rule->activation);
  for (int64_t r = 0; r < f.rows; ++r)
    for (int64_t j = 0; j < f.count; j += kLanes)
      store_values(reinterpret_cast<float*>(f.outputs[r]) + f.column + j,
                   act(load_aligned(f.values + r * f.pitch + j)), f.count - j);
}

template <typename Act, bool kAdd>
void finish_rounded(const WordFinish& f) {
  const Act act(f.rule->activation);
  const int zero = f.rule->out_zero;
  const Vec inverse = splat(f.rule->inverse), ratio = splat(f.rule->ratio);
  const Vec residual_zero = splat(static_cast<float>(f.rule->residual_zero));
  const Vec low = splat(static_cast<float>(-32768 - zero));
  const Vec high = splat(static_cast<float>(32767 - zero));
  for (int64_t r = 0; r < f.rows; ++r) {
    auto* out = reinterpret_cast<int16_t*>(f.outputs[r]) + f.column;
    for (int64_t j = 0; j < f.count; j += kLanes) {
      Vec t = act(load_aligned(f.values + r * f.pitch + j)) * inverse;
      if constexpr (kAdd) {
        const auto* residual = reinterpret_cast<const int16_t*>(f.residual[r]) + f.column + j;
        t = t + ratio * (words_to_floats(residual, f.count - j) - residual_zero);
      }
      store_words(out + j, larger(low, smaller(high, t)), zero, f.count - j);
    }
  }
}

template <typename Act>
void finish_with(const WordFinish& f) {
  if (f.rule->floats) return finish_values<Act>(f);
  if (f.rule->add) return finish_rounded<Act, true>(f);
  finish_rounded<Act, false>(f);
}

void finish_any(const WordFinish& f) {
  switch (f.rule->activation.kind) {
    case ActivationKind::kRelu:
      return finish_with<VecRelu>(f);
    case ActivationKind::kLeakyRelu:
      return finish_with<VecLeakyRelu>(f);
    case ActivationKind::kSteepLeakyRelu:
      return finish_with<VecSteepLeakyRelu>(f);
    case ActivationKind::kClip:
      return finish_with<VecClip>(f);
    case ActivationKind::kSigmoid:
      return finish_with<VecSigmoid>(f);
    case ActivationKind::kSilu:
      return finish_with<VecSiluAlike>(f);
    case ActivationKind::kTanh:
      return finish_with<VecTanh>(f);
    case ActivationKind::kMish:
      return finish_with<VecMish>(f);
    case ActivationKind::kHardSigmoid:
      return finish_with<VecHardSigmoid>(f);
    case ActivationKind::kHardSwish:
      return finish_with<VecHardSwish>(f);
    default:
      assert(f.rule->activation.kind == ActivationKind::kNone);  // as has_rule() says
      return finish_with<VecNone>(f);
  }
}

}  // namespace
}  // namespace shrike::kernels
