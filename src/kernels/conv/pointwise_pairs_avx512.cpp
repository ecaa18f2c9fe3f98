#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/conv/pointwise_pairs_form.h"

namespace shrike::kernels {

namespace {

// Where whole vectors are computed: as many pixels by two, three or four vectors of outputs as
// registers hold beside weights and what is added to them. Each value is loaded once for all
// vectors (docs/decisions/038-wider-panels.md).
constexpr PointwisePanel panel_of(int vectors, PointwiseFunction (*function)(ActivationKind)) {
  return {vectors * kLanes, function};
}
constexpr PointwisePanel kOne = panel_of(1, strip_function<PairSums, 7, 1>);
constexpr PointwisePanel kTwo = panel_of(2, strip_function<PairSums, 7, 2>);
constexpr PointwisePanel kThree = panel_of(3, strip_function<PairSums, 5, 3>);
constexpr PointwisePanel kFour = panel_of(4, strip_function<PairSums, 4, 4>);

int64_t pairs_of(int64_t depth) { return pair_count(depth); }

const char* refuse_three(const ConvProblem& problem) {
  return refuse_three_vectors(problem, kLanes);
}

const char* refuse_four(const ConvProblem& problem) {
  if (!fills_panels(problem.out_channels, kFour.columns, kLanes)) return kUnfilled;
  // Of 32 kB, beside which there is hardly room for inputs.
  constexpr int64_t kTooManyInputs = 128;
  if (!problem.by_estimate || problem.in_channels < kTooManyInputs) return nullptr;
  return "a panel's weights fill the first cache level";
}

// With an activation behind them longer sums round more than pairs gain
// (docs/decisions/034-whole-vectors.md; of others 038-wider-panels.md).
constexpr int64_t kWideTooManyInputs = 256;

}  // namespace

const PointwisePairs kWidePointwisePairsAvx512 = {
    {7, kTwo, &kOne}, kPairFunctions, pairs_of, kWideTooManyInputs};
const PointwisePairs kTriplePointwisePairsAvx512 = {
    {5, kThree, &kTwo}, kPairFunctions, pairs_of, kWideTooManyInputs, refuse_three};
const PointwisePairs kQuadPointwisePairsAvx512 = {
    {4, kFour, &kThree}, kPairFunctions, pairs_of, kWideTooManyInputs, refuse_four};

}  // namespace shrike::kernels
