#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/pointwise_form.h"

namespace shrike::kernels {

const PointwisePanel kPointwiseNarrowAvx512 = {kLanes, strip_function<PointwiseSums, 8, 1>};

// One vector of columns: twice the eight sums would hide nothing more, and cost more to begin and
// to end, which weighs where the depth is 8 to 32. A rest of half a vector is AVX2's.
const PointwiseKernel kPointwiseAvx512 = {
    8, {kLanes, strip_function<PointwiseSums, 8, 1>}, &kPointwiseNarrowAvx2};

// Two: where whole vectors are multiplied as fast as single values are loaded, each value has to be
// multiplied twice.
const PointwiseKernel kWidePointwiseAvx512 = {
    8, {2 * kLanes, strip_function<PointwiseSums, 8, 2>}, &kPointwiseNarrowAvx512};

}  // namespace shrike::kernels
