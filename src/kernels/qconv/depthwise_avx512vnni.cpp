#include "kernels/qconv/vector_avx512.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_dpbusd_epi32(sums, step, weights);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/depthwise_body.h"

namespace shrike::kernels {
namespace {

QDepthwiseFunction function(RuleKind kind, bool add) {
  return add ? depthwise_function_of<true, 4>(kind) : depthwise_function_of<false, 4>(kind);
}

}  // namespace

const QDepthwiseKernel kQDepthwiseAvx512Vnni = {4, four_columns, function};

}  // namespace shrike::kernels
