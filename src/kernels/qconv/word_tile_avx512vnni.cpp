#include "kernels/qconv/vector_avx512.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_dpwssd_epi32(sums, step, weights);
}
inline void finish(const WordFinish& values) { finish_words_avx512(values); }

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_direct.h"
#include "kernels/qconv/word_tile_body.h"

namespace shrike::kernels {

const QTileKernel kWordTileAvx512Vnni = {8, 32, 2, 2, word_function<8>, copy_words};
const QTileKernel kWordTileOfBytesAvx512Vnni = {8, 32, 1, 2, word_function<8>, widen};

}  // namespace shrike::kernels
