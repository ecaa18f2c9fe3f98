#include "kernels/qconv/vector_avx2.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(step, weights));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/depthwise_body.h"

namespace shrike::kernels {
namespace {

QDepthwiseFunction function(RuleKind kind, bool add) {
  return add ? depthwise_function_of<true, 2>(kind) : depthwise_function_of<false, 2>(kind);
}

}  // namespace

const QDepthwiseKernel kQDepthwiseAvx2 = {2, pair_columns, function};

}  // namespace shrike::kernels
