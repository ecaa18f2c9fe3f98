#include "kernels/qconv/vector_avxvnni.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return multiply_add_words(sums, step, weights);
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

const QWinogradKernel kQWinogradAvxVnni = {16, 0.5, transform_input, multiply<6>, output};

}  // namespace shrike::kernels
