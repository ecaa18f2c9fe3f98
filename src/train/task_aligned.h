// Task-aligned assignment: which cells are told to find which object (Feng et al. 2021, TOOD,
// arXiv 2108.07755, section 3.2).
//
// With s the score of the object's class at a cell, u the CIoU (at least 0) of the box predicted
// there with the object's, the alignment is t = s^alpha * u^beta, for the cells whose centre lies
// in the object's box, whose sides count as at least `least_side`, so that small objects find
// cells, too. An object takes the `top` cells of largest t > 0; a cell that several objects want
// goes to the object of the picture with the largest u there, even to one that did not want it;
// then an object keeps the `keep` cells of largest t. What a cell is told is not 1 but
//   t_hat = t / (largest t of the object's cells) * (largest u of the object's cells).
// alpha 0.5, beta 6, top 10: Ultralytics' choice for YOLOv8 and YOLO11; the paper has 1, 6, 13.
// Ultralytics' are the least side and to whom a cell goes that several want, too (8.4).
#pragma once

#include <ATen/core/Tensor.h>

#include "train/anchor_points.h"
#include "train/targets.h"

namespace shrike::train {

struct TaskAligned {
  int64_t top = 10, keep = 10;
  double alpha = 0.5, beta = 6;
  double least_side = 0;  // pixels
};

struct Assignment {
  at::Tensor positive;  // (N, A) bool
  at::Tensor object;    // (N, A) i64: its place among the picture's; 0 where not positive
  at::Tensor score;     // (N, A) t_hat, 0 where not positive
};

// `scores` (N, A, C) 0..1, `boxes` (N, A, 4) in pixels. No gradient goes through.
Assignment assign(const TaskAligned& rule, const AnchorPoints& points, const at::Tensor& scores,
                  const at::Tensor& boxes, const PaddedTargets& targets);

}  // namespace shrike::train
