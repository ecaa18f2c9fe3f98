// Between floats and the bytes that stand for them:
//
//   quantize    q[r][i] = saturate(round(x[r][i] / scale) + zero), halves to the even neighbour;
//               NaN is as good as 0
//   dequantize  x[r][i] = (q[r][i] - zero) * scale
//
// as ONNX's QuantizeLinear and DequantizeLinear have it, every kernel to the same bits. Rows as in
// elementwise/elementwise.h; input and output must not overlap.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/select.h"
#include "kernels/view.h"

namespace shrike::kernels {

using ByteRowsView = BasicRowsView<uint8_t>;
using ConstByteRowsView = BasicRowsView<const uint8_t>;

struct ByteScale {
  float scale = 1;  // positive and finite
  int zero = 0;     // 0 .. 255
};

struct QuantizeKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ByteScale&);
  void (*run)(const ByteScale&, const ConstRowsView& input, const ByteRowsView& output,
              ThreadPool&);
};

struct DequantizeKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ByteScale&);
  void (*run)(const ByteScale&, const ConstByteRowsView& input, const RowsView& output,
              ThreadPool&);
};

std::span<const QuantizeKernel> quantize_kernels();
std::span<const DequantizeKernel> dequantize_kernels();

}  // namespace shrike::kernels
