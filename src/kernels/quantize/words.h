// What quantize.h and bytes.h have of bytes, of words: int16, -32768 .. 32767.
//
//   quantize    q[r][i] = saturate(round(x[r][i] / scale) + zero), halves to the even neighbour;
//               NaN is as good as 0
//   dequantize  x[r][i] = (q[r][i] - zero) * scale
//   sum         out = saturate(round(float(a - a_zero) * a_ratio + float(b - b_zero) * b_ratio)
//               + out_zero), as ByteSum
//
// every kernel to the same bits.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/select.h"
#include "kernels/view.h"

namespace shrike::kernels {

using WordRowsView = BasicRowsView<int16_t>;
using ConstWordRowsView = BasicRowsView<const int16_t>;

struct WordScale {
  float scale = 1;  // positive and finite
  int zero = 0;
};

struct WordQuantizeKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const WordScale&);
  void (*run)(const WordScale&, const ConstRowsView& input, const WordRowsView& output,
              ThreadPool&);
};

struct WordDequantizeKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const WordScale&);
  void (*run)(const WordScale&, const ConstWordRowsView& input, const RowsView& output,
              ThreadPool&);
};

struct WordSum {
  int a_zero = 0, b_zero = 0, out_zero = 0;
  float a_ratio = 1, b_ratio = 1;
};

struct WordSumKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const WordSum&);
  void (*run)(const WordSum&, const ConstWordRowsView& a, const ConstWordRowsView& b,
              const WordRowsView& output, ThreadPool&);
};

std::span<const WordQuantizeKernel> word_quantize_kernels();
std::span<const WordDequantizeKernel> word_dequantize_kernels();
std::span<const WordSumKernel> word_sum_kernels();

}  // namespace shrike::kernels
