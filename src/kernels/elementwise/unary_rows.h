// A function over adjacent elements, on the vectors of one instruction set: included by its file
// behind activation/vector_avx2.h or its like.
#pragma once

#include "kernels/elementwise/rows.h"

namespace shrike::kernels {
namespace {

template <typename Act>
void unary_row(const Activation& activation, const float* in, float* out, int64_t length) {
  const Act act(activation);
  int64_t i = 0;
  for (; i + 2 * kLanes <= length; i += 2 * kLanes) {
    const Vec first = act(load(in + i));
    const Vec second = act(load(in + i + kLanes));
    store(out + i, first);
    store(out + i + kLanes, second);
  }
  for (; i < length; i += kLanes)
    store_some(out + i, act(load_some(in + i, length - i)), length - i);
}

UnaryRow unary_row_of(ActivationKind kind) {
  return with_vector_activation(kind, []<typename Act>() -> UnaryRow { return unary_row<Act>; });
}

}  // namespace
}  // namespace shrike::kernels
