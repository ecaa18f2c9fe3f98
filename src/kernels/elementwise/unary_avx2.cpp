#include "kernels/activation/vector_avx2.h"
#include "kernels/elementwise/rows.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {

namespace {

template <typename Act>
void row(const Activation& activation, const float* in, float* out, int64_t length) {
  const Act act(activation);
  int64_t i = 0;
  for (; i + 16 <= length; i += 16) {
    const Vec first = act(_mm256_loadu_ps(in + i));
    const Vec second = act(_mm256_loadu_ps(in + i + 8));
    _mm256_storeu_ps(out + i, first);
    _mm256_storeu_ps(out + i + 8, second);
  }
  for (; i < length; i += 8) store_some(out + i, act(load_some(in + i, length - i)), length - i);
}

}  // namespace

UnaryRow unary_row_avx2(ActivationKind kind) {
  return with_vector_activation(kind, []<typename Act>() -> UnaryRow { return row<Act>; });
}

}  // namespace shrike::kernels
