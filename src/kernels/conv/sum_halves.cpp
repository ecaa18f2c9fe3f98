#include "kernels/conv/sum_halves.h"

namespace shrike::kernels {

const char* sum_half_refuse(const ConvProblem& problem) {
  constexpr int64_t kLeastChannels = 256, kStep = 32;
  if (!problem.pixel_by_pixel() || problem.groups != 1) return "it is not made of single pixels";
  if (problem.activation.kind != ActivationKind::kNone) return "it has an activation";
  if (problem.in_channels < kLeastChannels) return "it has few channels";
  if (problem.in_channels % (2 * kStep) != 0) return "half of its channels are no multiple of 32";
  // Of split products, whose weights take three parts of two bytes, four times the outputs' bytes.
  const int64_t pixels = problem.out_height * problem.out_width;
  return 3 * problem.in_channels >= 8 * pixels ? nullptr : "its weights are few beside its outputs";
}

int64_t sum_half(const ConvProblem& problem) {
  return sum_half_refuse(problem) ? 0 : problem.in_channels / 2;
}

std::vector<float> weights_of_channels(const ConvProblem& problem, const float* weights,
                                       int64_t first, int64_t count) {
  std::vector<float> own;
  own.reserve(static_cast<size_t>(problem.out_channels * count));
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    const float* from = weights + o * problem.in_channels + first;
    own.insert(own.end(), from, from + count);
  }
  return own;
}

}  // namespace shrike::kernels
