// How far a kernel may round what it multiplies.
#pragma once

#include <cstdint>

namespace shrike::kernels {

enum class Precision : uint8_t {
  kFp32,
  kBfloat16,  // where that is faster; sums stay fp32
};

}  // namespace shrike::kernels
