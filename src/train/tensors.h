// Between the project's tensors and LibTorch's: the same bytes, copied.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "base/dtype.h"
#include "base/result.h"
#include "base/tensor.h"

namespace shrike::train {

// LibTorch's type of those elements; nothing for u16, which it lacks.
std::optional<at::ScalarType> scalar_type(DType dtype);

// An error (kModel) for a type that LibTorch lacks. Throws as LibTorch does.
Result<at::Tensor> to_torch(const Tensor& tensor);

// Of f64, f32, f16, bool and integers, on any device, with any strides. Throws as LibTorch does.
Tensor from_torch(const at::Tensor& tensor);

}  // namespace shrike::train
