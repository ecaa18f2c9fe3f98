#include "kernels/qconv/vector_avxvnni.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return multiply_add_words(sums, step, weights);
}
void finish(const WordFinish& values) { finish_words_avx2(values); }

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_depthwise_body.h"

namespace shrike::kernels {

const WordDepthwiseKernel kWordDepthwiseAvxVnni = {kVector, pair_place, depthwise_words};

}  // namespace shrike::kernels
