#include <cmath>

#include "kernels/activation/vector_one.h"

namespace shrike::kernels {
namespace {

inline Vec words_to_floats(const int16_t* source, int64_t) { return static_cast<float>(*source); }
inline void store_words(int16_t* target, Vec value, int zero, int64_t) {
  *target = static_cast<int16_t>(static_cast<int>(std::nearbyint(value)) + zero);
}
inline void store_values(float* target, Vec value, int64_t) { *target = value; }

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_finish_body.h"

namespace shrike::kernels {

namespace {

bool has_rule(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kNone:
    case ActivationKind::kRelu:
    case ActivationKind::kLeakyRelu:
    case ActivationKind::kSteepLeakyRelu:
    case ActivationKind::kClip:
    case ActivationKind::kSigmoid:
    case ActivationKind::kSilu:
    case ActivationKind::kTanh:
    case ActivationKind::kMish:
    case ActivationKind::kHardSigmoid:
    case ActivationKind::kHardSwish:
      return true;
    default:
      return false;
  }
}

}  // namespace

const char* word_conv_unsupported(const WordConvProblem& problem) {
  if (problem.residual == Residual::kBeforeActivation)
    return "a residual before the activation has no integer rule";
  if (!has_rule(problem.activation.kind)) return "the activation has no rule of 16 bits";
  if (problem.floats && problem.residual != Residual::kNone)
    return "floats are written without residual";
  return nullptr;
}

WordRule make_word_rule(const WordConvProblem& problem) {
  return {problem.activation,
          problem.floats,
          problem.residual != Residual::kNone,
          1 / problem.out_scale,
          problem.residual_scale / problem.out_scale,
          problem.out_zero,
          problem.residual_zero};
}

void finish_words(const WordFinish& finish) { finish_any(finish); }

}  // namespace shrike::kernels
