#include "kernels/activation/vector_avx2.h"
#include "kernels/conv/pointwise_form.h"

namespace shrike::kernels {

// Eight sums are enough for the latency of what adds to them, if not quite for its rate.
const PointwisePanel kPointwiseNarrowAvx2 = {kLanes, strip_function<PointwiseSums, 8, 1>};

// 12 of 16 registers hold sums.
const PointwiseKernel kPointwiseAvx2 = {
    6, {2 * kLanes, strip_function<PointwiseSums, 6, 2>}, &kPointwiseNarrowAvx2};

}  // namespace shrike::kernels
