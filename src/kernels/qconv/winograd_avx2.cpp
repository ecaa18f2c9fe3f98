#include "kernels/qconv/vector_avx2.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(step, weights));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/winograd_body.h"

namespace shrike::kernels {
namespace {

QWinogradOutputFunction output(RuleKind kind, bool add, int64_t) {
  return add ? output_function<true, 2>(kind) : output_function<false, 2>(kind);
}

}  // namespace

const QWinogradKernel kQWinogradAvx2 = {16, 1, transform_input, multiply<6>, output};

}  // namespace shrike::kernels
