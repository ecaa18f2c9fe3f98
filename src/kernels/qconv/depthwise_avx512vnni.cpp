#include "kernels/qconv/vector_avx512.h"

namespace shrike::kernels {
namespace {

constexpr int kGroupTaps = 4;

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_dpbusd_epi32(sums, step, weights);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/depthwise_body.h"

namespace shrike::kernels {

const QDepthwiseKernel kQDepthwiseAvx512Vnni = {kVectorBytes, kGroupTaps, depthwise_function};

}  // namespace shrike::kernels
