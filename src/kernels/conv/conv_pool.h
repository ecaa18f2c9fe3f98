// Convolutions together with the pooling of 2 x 2 windows at stride 2 behind them: out is a map of
// half the height and width,
//   out(y, x, o) = the largest of conv(2 y + i, 2 x + j, o), i < 2, j < 2
// where conv is what conv.h has. Activations are taken once for each window, of its largest sum:
// they must be functions that keep what is larger larger.
//
// Each goes with a row of conv_kernels(), whose packing and scratch it takes.
#pragma once

#include "kernels/conv/conv.h"

namespace shrike::kernels {

struct ConvPoolKernel {
  const char* row;                            // of conv_kernels()
  const char* (*refuse)(const ConvProblem&);  // what the row takes, but not pooled
  // maps.output: the smaller map.
  void (*run)(const ConvProblem&, const PackedConv&, const ConvMaps& maps, ThreadPool&,
              std::span<std::byte> scratch);
};

std::span<const ConvPoolKernel> conv_pool_kernels();

// The form of a row that accepts the problem; null where it has none.
const ConvPoolKernel* conv_pool_form(const ConvKernel& row, const ConvProblem& problem);

}  // namespace shrike::kernels
