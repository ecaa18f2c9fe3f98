// Functions of bytes that stand for floats, byte by byte, every kernel to the same bits.
#pragma once

#include "kernels/quantize/quantize.h"

namespace shrike::kernels {

// out[r][i] = table[in[r][i]]; the output may be exactly the input.
using ByteTable = std::span<const uint8_t, 256>;

struct LookupKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ByteTable&);
  void (*run)(const ByteTable&, const ConstByteRowsView& input, const ByteRowsView& output,
              ThreadPool&);
};

std::span<const LookupKernel> lookup_kernels();

// out = saturate(round(float(a - a_zero) * a_ratio + float(b - b_zero) * b_ratio) + out_zero),
// halves to the even neighbour, each operation rounded by itself; the ratios are the scales of a
// and b divided by the output's. The output may be exactly an input.
struct ByteSum {
  int a_zero = 0, b_zero = 0, out_zero = 0;  // 0 .. 255
  float a_ratio = 1, b_ratio = 1;
};

struct ByteSumKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ByteSum&);
  void (*run)(const ByteSum&, const ConstByteRowsView& a, const ConstByteRowsView& b,
              const ByteRowsView& output, ThreadPool&);
};

std::span<const ByteSumKernel> byte_sum_kernels();

}  // namespace shrike::kernels
