// out = a op b for tensors of any shapes that broadcast, up to 8 dimensions, any strides.
#pragma once

#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/strided.h"

namespace shrike::kernels {

// a and b have the output's rank and extents; where an operand repeats along a dimension its
// stride there is 0 (strided.h: broadcast_to). Runs the best row kernel this machine has over the
// innermost dimension. The output may be exactly an operand; no output stride may be 0.
void binary_broadcast(BinaryOp op, const ConstStridedView& a, const ConstStridedView& b,
                      const StridedView& output, ThreadPool& pool);

}  // namespace shrike::kernels
