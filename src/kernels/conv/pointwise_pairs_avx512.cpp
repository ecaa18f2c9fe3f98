#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/conv/pointwise_pairs_form.h"

namespace shrike::kernels {

namespace {

constexpr PairFunctions kFunctions = {measure_shift, scale_panel, begin_strip};

// Where whole vectors are computed: as many pixels by two, three or four vectors of outputs as
// registers hold beside weights and what is added to them. Each value is loaded once for all
// vectors, so that wider is faster where panels are full.
constexpr PointwisePanel panel_of(int vectors, PointwiseFunction (*function)(ActivationKind)) {
  return {vectors * kLanes, function};
}
constexpr PointwisePanel kOne = panel_of(1, strip_function<PairSums, 7, 1>);
constexpr PointwisePanel kTwo = panel_of(2, strip_function<PairSums, 7, 2>);
constexpr PointwisePanel kThree = panel_of(3, strip_function<PairSums, 5, 3>);
constexpr PointwisePanel kFour = panel_of(4, strip_function<PairSums, 4, 4>);

// What is behind the last whole panel is one that is narrower by a vector.
constexpr bool fills(int64_t outputs, int64_t columns) {
  const int64_t rest = outputs % columns;
  return rest == 0 || rest == columns - kLanes;
}
constexpr bool fills_three(int64_t outputs) { return fills(outputs, kThree.columns); }
constexpr bool fills_four(int64_t outputs) {
  return fills(outputs, kFour.columns) && outputs % kThree.columns != 0;
}

// Longer sums round more than pairs gain (docs/decisions/034-whole-vectors.md).
constexpr int64_t kWideTooManyInputs = 256;

}  // namespace

const PointwisePairs kPointwisePairsAvx512 = {
    {8, {kLanes, strip_function<PairSums, 8, 1>}, nullptr}, kFunctions};
const PointwisePairs kWidePointwisePairsAvx512 = {{7, kTwo, &kOne}, kFunctions, kWideTooManyInputs};
const PointwisePairs kTriplePointwisePairsAvx512 = {
    {5, kThree, &kTwo}, kFunctions, kWideTooManyInputs, fills_three};
const PointwisePairs kQuadPointwisePairsAvx512 = {
    {4, kFour, &kThree}, kFunctions, kWideTooManyInputs, fills_four};

}  // namespace shrike::kernels
