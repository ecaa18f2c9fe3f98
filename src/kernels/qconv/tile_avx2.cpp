#include "kernels/qconv/vector_avx2.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(step, weights));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/tile_body.h"

namespace shrike::kernels {
namespace {

QTileFunction function(QOutput output, RuleKind kind, bool add, int64_t) {
  return function_of<6, 2, 2>(output, kind, add);
}

}  // namespace

const QTileKernel kQTileAvx2 = {6, 16, 1, 2, function, widen};

}  // namespace shrike::kernels
