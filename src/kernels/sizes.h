// Small arithmetic on sizes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/tensor.h"

namespace shrike::kernels {

// a / b rounded up; a >= 0, b > 0.
constexpr int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

constexpr size_t align_up(size_t bytes) {
  return (bytes + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment;
}

}  // namespace shrike::kernels
