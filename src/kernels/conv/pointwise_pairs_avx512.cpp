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
// Pairs gain 5 to 9 % of a network there. yolo11n-random's boxes are 10.2e-5 of their range from ONNX
// Runtime's with all layers in pairs, 7.9e-5 so, 6.0e-5 from 160 inputs on, 5.5e-5 without.
constexpr int64_t kWideTooManyInputs = 256;
constexpr PointwisePanel kWideRest = {kLanes, strip_function<PairSums, kWidePixels, 1>};
const PointwisePairs kWidePointwisePairsAvx512 = {
    {kWidePixels, {2 * kLanes, strip_function<PairSums, kWidePixels, 2>}, &kWideRest},
    kFunctions,
    kWideTooManyInputs};

}  // namespace shrike::kernels
