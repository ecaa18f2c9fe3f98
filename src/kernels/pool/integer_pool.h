// Max pooling of bytes and of words, as pool.h has it of floats.
#pragma once

#include "kernels/pool/pool.h"

namespace shrike::kernels {

// T: uint8_t or int16_t.
template <typename T>
struct IntegerPoolKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const PoolProblem&);
  // Requires PoolKind::kMax.
  void (*run)(const PoolProblem&, const BasicMapView<const T>& input, const BasicMapView<T>& output,
              ThreadPool&);
};

std::span<const IntegerPoolKernel<uint8_t>> byte_pool_kernels();
std::span<const IntegerPoolKernel<int16_t>> word_pool_kernels();

}  // namespace shrike::kernels
