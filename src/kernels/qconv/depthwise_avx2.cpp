#include "kernels/qconv/vector_avx2.h"

namespace shrike::kernels {
namespace {

constexpr int kGroupTaps = 2;

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(step, weights));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/depthwise_body.h"

namespace shrike::kernels {

const QDepthwiseKernel kQDepthwiseAvx2 = {kVectorBytes, kGroupTaps, depthwise_function};

}  // namespace shrike::kernels
