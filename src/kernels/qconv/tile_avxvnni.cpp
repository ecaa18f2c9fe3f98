#include "kernels/qconv/vector_avxvnni.h"

namespace shrike::kernels {
namespace {

inline Ints multiply_add(Ints sums, Ints step, Ints weights) {
  return multiply_add_bytes(sums, step, weights);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/tile_body.h"

namespace shrike::kernels {
namespace {

QTileFunction function(QOutput output, RuleKind kind, bool add, int64_t) {
  return function_of<6, 2, 2>(output, kind, add);
}

void copy(const std::byte* source, int64_t count, int, std::byte* target) {
  std::memcpy(target, source, static_cast<size_t>(count));
}

}  // namespace

const QTileKernel kQTileAvxVnni = {6, 16, 1, 1, function, copy};

}  // namespace shrike::kernels
