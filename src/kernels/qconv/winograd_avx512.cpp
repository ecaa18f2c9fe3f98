#include "kernels/qconv/vector_avx512.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_add_epi32(sums, _mm512_madd_epi16(step, weights));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/winograd_body.h"

namespace shrike::kernels {
namespace {

QWinogradOutputFunction output(RuleKind kind, bool add, int64_t count) {
  if (count <= kInts) return add ? output_function<true, 1>(kind) : output_function<false, 1>(kind);
  return add ? output_function<true, 2>(kind) : output_function<false, 2>(kind);
}

}  // namespace

const QWinogradKernel kQWinogradAvx512 = {32, 1, transform_input, multiply<8>, output};

}  // namespace shrike::kernels
