// Small arithmetic on sizes.
#pragma once

#include <cstdint>

namespace shrike::kernels {

// a / b rounded up; a >= 0, b > 0.
constexpr int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
// The multiple of b that is not less than a.
constexpr int64_t round_up(int64_t a, int64_t b) { return divide_up(a, b) * b; }

// Most bytes of a worker's copy of what a block of outputs reads: dilation and strides, which a file
// can make as large as it likes, decide it.
inline constexpr double kMostBandBytes = 1 << 28;

}  // namespace shrike::kernels
