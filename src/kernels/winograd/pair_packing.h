// Where pairs.h has what in a PackedConv, in floats.
#pragma once

#include "kernels/sizes.h"
#include "kernels/winograd/pairs.h"

namespace shrike::kernels {

struct PairPacking {
  PairPacking(const WinogradPairs& pairs, const ConvProblem& problem)
      : columns(pairs.kernel->tile->columns),
        panels(divide_up(problem.out_channels, columns)),
        matrices(pairs.kernel->algorithm->weights * pairs.kernel->algorithm->weights),
        matrix(problem.in_channels * columns),
        bias(panels * matrices * matrix),
        products(bias + panels * columns),
        scale(products + panels * matrices * columns),
        total(scale + 1) {}

  const float* matrix_at(const float* packed, int64_t panel, int64_t index) const {
    return packed + (panel * matrices + index) * matrix;
  }
  const float* products_at(const float* packed, int64_t panel, int64_t index) const {
    return packed + products + (panel * matrices + index) * columns;
  }

  int64_t columns, panels;
  int64_t matrices;  // in a panel
  int64_t matrix;    // floats of [vector of columns][input channel][lanes]
  int64_t bias;      // offset: [panel][column]
  int64_t products;  // offset: [panel][matrix][column]
  int64_t scale;     // offset: f
  int64_t total;
};

}  // namespace shrike::kernels
