#include "kernels/activation/vector_avx2.h"
#include "kernels/elementwise/unary_rows.h"

namespace shrike::kernels {

UnaryRow unary_row_avx2(ActivationKind kind) { return unary_row_of(kind); }

}  // namespace shrike::kernels
