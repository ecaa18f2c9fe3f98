// Whether numbers are all finite: neither infinite nor NaN.
#pragma once

#include <span>

#include "base/tensor.h"

namespace shrike {

bool all_finite(std::span<const float> values);

// Of f16, f32 and f64; integers are.
bool all_finite(const Tensor& tensor);

}  // namespace shrike
