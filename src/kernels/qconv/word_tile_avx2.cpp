#include "kernels/qconv/vector_avx2.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(step, weights));
}
inline void finish(const WordFinish& values) { finish_words_avx2(values); }

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_direct.h"
#include "kernels/qconv/word_tile_body.h"

namespace shrike::kernels {

const QTileKernel kWordTileAvx2 = {6, 16, 2, 2, word_function<6>, copy_words};
const QTileKernel kWordTileOfBytesAvx2 = {6, 16, 1, 2, word_function<6>, widen};

}  // namespace shrike::kernels
