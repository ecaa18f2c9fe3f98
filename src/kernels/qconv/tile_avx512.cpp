#include "kernels/qconv/vector_avx512.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_add_epi32(sums, _mm512_madd_epi16(step, weights));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/tile_body.h"

namespace shrike::kernels {
namespace {

QTileFunction function(QOutput output, RuleKind kind, bool add, int64_t count) {
  return count <= kInts ? function_of<8, 1, 2>(output, kind, add)
                        : function_of<8, 2, 2>(output, kind, add);
}

}  // namespace

const QTileKernel kQTileAvx512 = {8, 32, 1, 2, function, widen};

}  // namespace shrike::kernels
