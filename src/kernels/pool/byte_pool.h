// Max pooling of bytes, as pool.h has it of floats.
#pragma once

#include "kernels/pool/pool.h"

namespace shrike::kernels {

struct BytePoolKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const PoolProblem&);
  // Requires PoolKind::kMax.
  void (*run)(const PoolProblem&, const BasicMapView<const uint8_t>& input,
              const BasicMapView<uint8_t>& output, ThreadPool&);
};

std::span<const BytePoolKernel> byte_pool_kernels();

}  // namespace shrike::kernels
