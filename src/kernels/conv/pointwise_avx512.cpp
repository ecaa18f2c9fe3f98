#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/pointwise_form.h"

namespace shrike::kernels {

// One vector of columns: twice the eight sums would hide nothing more, and cost more to begin and
// to end, which weighs where the depth is 8 to 32. A rest of half a vector is AVX2's.
const PointwiseKernel kPointwiseAvx512 = {
    8, {kLanes, strip_function<PointwiseSums, 8, 1>}, &kPointwiseNarrowAvx2};

}  // namespace shrike::kernels
