#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/conv/pointwise_pairs_form.h"

namespace shrike::kernels {

namespace {

constexpr PointwisePanel kNarrow = {kLanes, strip_function<PairSums, 8, 1>};
constexpr PairFunctions kFunctions = {measure_shift, scale_panel, begin_strip};

}  // namespace

const PointwisePairs kPointwisePairsAvx512 = {{8, kNarrow, nullptr}, kFunctions};

// As kWidePointwiseAvx512; of more pixels sums, weights and what is added to them would not all
// have registers.
constexpr int kWidePixels = 7;
// Longer sums round more than pairs gain (docs/decisions/034-whole-vectors.md).
constexpr int64_t kWideTooManyInputs = 256;
constexpr PointwisePanel kWideRest = {kLanes, strip_function<PairSums, kWidePixels, 1>};
const PointwisePairs kWidePointwisePairsAvx512 = {
    {kWidePixels, {2 * kLanes, strip_function<PairSums, kWidePixels, 2>}, &kWideRest},
    kFunctions,
    kWideTooManyInputs};

}  // namespace shrike::kernels
