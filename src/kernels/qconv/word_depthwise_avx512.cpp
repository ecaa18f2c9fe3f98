#include "kernels/qconv/vector_avx512.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_add_epi32(sums, _mm512_madd_epi16(step, weights));
}
void finish(const WordFinish& values) { finish_words_avx512(values); }

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_depthwise_body.h"

namespace shrike::kernels {

const WordDepthwiseKernel kWordDepthwiseAvx512 = {kVector, pair_place, depthwise_words};

}  // namespace shrike::kernels
