// Random weights to train from.
#pragma once

#include <cstdint>

#include "ir/graph.h"

namespace shrike::zoo {

// Gives a network its first weights, the same on every machine for a seed:
//   convolutions   weights and biases even in (-1/sqrt(n), 1/sqrt(n)), n inputs of an output
//                  (PyTorch's default: He et al. 2015, arXiv 1502.01852, with a = sqrt(5))
//   batch norms    scale 1, shift 0, mean 0, variance 1
//   raw maps       biases such that a network that knows nothing says what is likely: see below
// Of every f32 constant that is a weight; others stay. Requires lifted heads.
//
// The bias of class logits, with C classes and s = stride, on a picture of 640 pixels: that of
// 5 objects (anchor-free) or 8 (anchors) a picture, so that the first steps are not spent on
// telling that nearly every cell is empty (Lin et al. 2017, arXiv 1708.02002, section 3.3):
//   anchor-free    ln(5 / C / (640 / s)^2); box distributions 1
//   anchors        objectness ln(8 / (640 / s)^2), classes ln(0.6 / (C - 0.99999))
//   YOLOX          objectness and classes -ln(99), a probability of 0.01
void initialise(Graph& graph, uint64_t seed);

}  // namespace shrike::zoo
