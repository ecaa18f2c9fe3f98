#include "kernels/activation/vector_avx2.h"
#include "kernels/conv/depthwise_sweep_form.h"

namespace shrike::kernels {

const DepthwiseSweeper kDepthwiseSweepAvx2 = {kLanes, sweep_rows, sweep_function,
                                              inner_sweep_function};

}  // namespace shrike::kernels
