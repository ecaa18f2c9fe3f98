#include "kernels/activation/vector_avx512.h"
#include "kernels/elementwise/unary_rows.h"

namespace shrike::kernels {

UnaryRow unary_row_avx512(ActivationKind kind) { return unary_row_of(kind); }

}  // namespace shrike::kernels
