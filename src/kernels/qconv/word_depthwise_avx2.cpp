#include "kernels/qconv/vector_avx2.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(step, weights));
}
void finish(const WordFinish& values) { finish_words_avx2(values); }

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_depthwise_body.h"

namespace shrike::kernels {

const WordDepthwiseKernel kWordDepthwiseAvx2 = {kVector, pair_place, depthwise_words};

}  // namespace shrike::kernels
