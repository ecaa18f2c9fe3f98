// Where a network learns: this machine's processor, or a GPU of NVIDIA's by LibTorch's own CUDA.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "base/result.h"

namespace shrike::train {

// "cpu", "cuda" or "cuda:N". Errors: kUsage for other words and for a GPU that is not there,
// kRuntime where this LibTorch has no CUDA or finds no GPU.
Result<c10::Device> device_of(const std::string& name);

}  // namespace shrike::train
