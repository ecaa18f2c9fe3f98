#include "kernels/qconv/vector_avx512.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return _mm512_dpbusd_epi32(sums, step, weights);
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

void copy(const std::byte* source, int64_t count, int, std::byte* target) {
  std::memcpy(target, source, static_cast<size_t>(count));
}

}  // namespace

const QTileKernel kQTileAvx512Vnni = {8, 32, 1, 1, function, copy};

}  // namespace shrike::kernels
