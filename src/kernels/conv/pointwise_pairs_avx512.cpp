#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/conv/pointwise_pairs_form.h"

namespace shrike::kernels {

const PointwisePairs kPointwisePairsAvx512 = {
    {8, {kLanes, strip_function<PairSums, 8, 1>}, nullptr},
    {measure_shift, scale_panel<1>, begin_strip},
};

}  // namespace shrike::kernels
