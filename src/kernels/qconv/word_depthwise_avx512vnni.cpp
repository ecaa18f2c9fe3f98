#include "kernels/qconv/vector_avx512.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_dpwssd_epi32(sums, step, weights);
}
void finish(const WordFinish& values) { finish_words_avx512(values); }

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_depthwise_body.h"

namespace shrike::kernels {

const WordDepthwiseKernel kWordDepthwiseAvx512Vnni = {kVector, pair_place, depthwise_words};

}  // namespace shrike::kernels
