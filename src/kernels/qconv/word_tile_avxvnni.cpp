#include "kernels/qconv/vector_avxvnni.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return multiply_add_words(sums, step, weights);
}
inline void finish(const WordFinish& values) { finish_words_avx2(values); }

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_direct.h"
#include "kernels/qconv/word_tile_body.h"

namespace shrike::kernels {

const QTileKernel kWordTileAvxVnni = {6, 16, 2, 2, word_function<6>, copy_words};
const QTileKernel kWordTileOfBytesAvxVnni = {6, 16, 1, 2, word_function<6>, widen};

}  // namespace shrike::kernels
