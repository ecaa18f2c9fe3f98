// What raw maps say, in one form for all kinds of heads, so that a head can learn from another.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <span>

#include "ir/ops/head.h"

namespace shrike::train {

// Of one scale: N pictures, K anchors at a cell (1 in heads without), P cells row by row, C
// classes.
struct Predictions {
  // (N, K, P, C): the logit of what detection calls the score. Where there is objectness o, of
  // sigma(o) sigma(c): -ln(e^-o + e^-c + e^-(o+c)).
  at::Tensor scores;
  at::Tensor boxes;  // (N, K, P, 4) left, top, right, bottom in pixels of the network's input
  // (N, P, 4, reg_max) raw bins of left, top, right, bottom; undefined in heads without.
  at::Tensor bins;
};

// `maps`: all of the head's, as ir/ops/head.h orders them. Throws as LibTorch does.
Predictions predictions_of(const Head& head, std::span<const at::Tensor> maps, size_t scale);

}  // namespace shrike::train
