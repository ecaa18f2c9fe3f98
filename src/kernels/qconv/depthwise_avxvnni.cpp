#include "kernels/qconv/vector_avxvnni.h"

namespace shrike::kernels {
namespace {

constexpr int kGroupTaps = 4;

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return multiply_add_bytes(sums, step, weights);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/depthwise_body.h"

namespace shrike::kernels {

const QDepthwiseKernel kQDepthwiseAvxVnni = {kVectorBytes, kGroupTaps, depthwise_function};

}  // namespace shrike::kernels
