#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/depthwise_sweep_form.h"

namespace shrike::kernels {

const DepthwiseSweeper kDepthwiseSweepAvx512 = {kLanes, sweep_rows, sweep_function,
                                                inner_sweep_function};

}  // namespace shrike::kernels
