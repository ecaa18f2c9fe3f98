// Inner loops of the elementwise kernels: one run of adjacent elements.
#pragma once

#include "kernels/elementwise/elementwise.h"

namespace shrike::kernels {

// out[i] = activation(in[i]), i < length
using UnaryRow = void (*)(const Activation&, const float* in, float* out, int64_t length);

UnaryRow unary_row_reference(ActivationKind kind);

// out[i] = a[i * step_a] op b[i * step_b], i < length, steps 0 or 1
struct BinaryRowArgs {
  const float* a;
  int64_t step_a;
  const float* b;
  int64_t step_b;
  float* out;
  int64_t length;
};
using BinaryRow = void (*)(const BinaryRowArgs&);

float apply_reference(BinaryOp op, float a, float b);
BinaryRow binary_row_reference(BinaryOp op);

#if SHRIKE_KERNELS_AVX2
UnaryRow unary_row_avx2(ActivationKind kind);
UnaryRow unary_row_avx512(ActivationKind kind);
BinaryRow binary_row_avx2(BinaryOp op);
#endif

// The best this machine has.
BinaryRow binary_row_best(BinaryOp op);

}  // namespace shrike::kernels
