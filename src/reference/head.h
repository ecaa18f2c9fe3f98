// The kinds of Head (ir/ops/head.h), each from its formulas. Private to reference.
#pragma once

#include <cmath>

#include "reference/operators.h"

namespace shrike::reference {

template <typename T>
T logistic(T t) {
  return T(1) / (T(1) + std::exp(-t));
}

// One raw map of one picture: channel c's plane is plane(c), row-major.
template <typename T>
struct RawMap {
  const T* data;
  int64_t height, width;
  int64_t cells() const { return height * width; }
  const T* plane(int64_t c) const { return data + c * cells(); }
};

template <typename T>
RawMap<T> raw_map(const Inputs& in, size_t i, int64_t picture) {
  const Shape& shape = in[i].shape();
  const int64_t size = shape[1] * shape[2] * shape[3];
  return {in[i].data<T>().data() + picture * size, shape[2], shape[3]};
}

// Fill y for every picture. y has the shape that the head's contract says, and is not empty.
Result<void> decode_anchor_free(const Head& op, const Inputs& in, Tensor& y);
void decode_anchored(const Head& op, const Inputs& in, Tensor& y);  // kAnchor, kDarknet
void decode_yolox(const Head& op, const Inputs& in, Tensor& y);

}  // namespace shrike::reference
