#include "kernels/qconv/vector_avx512.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_dpwssd_epi32(sums, step, weights);
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

const QWinogradKernel kQWinogradAvx512Vnni = {32, 0.5, transform_input, multiply<8>, output};

}  // namespace shrike::kernels
