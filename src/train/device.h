// Where a network learns: this machine's processor, or a GPU of NVIDIA's by LibTorch's own CUDA.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "base/result.h"

namespace shrike::train {

// "cpu", "cuda" or "cuda:N"; "cuda" is the GPU with the number that this process has among its
// run's on this host, from 0. Errors: kUsage for other words and for a GPU that is not there,
// kRuntime where this LibTorch has no CUDA or finds no GPU.
Result<c10::Device> device_of(const std::string& name, int local_rank = 0);

// Which of `count` GPUs that is. `named`: by "cuda:N"; otherwise -1.
Result<int> gpu_of(int named, int local_rank, int count);

}  // namespace shrike::train
