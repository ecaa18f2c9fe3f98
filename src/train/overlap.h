// How well boxes fit, for losses. Boxes are (..., 4): left, top, right, bottom, in one unit; the
// two tensors broadcast, and the result has their shape without the last axis.
#pragma once

#include <ATen/core/Tensor.h>

namespace shrike::train {

// Intersection over union, 0..1; epsilon keeps empty boxes from dividing by zero.
at::Tensor iou(const at::Tensor& a, const at::Tensor& b);

// IoU - d^2 / c^2 - alpha * v, -1.5..1, with d the distance of the centres, c the diagonal of the
// smallest box around both, v = 4 / pi^2 * (atan(w_b / h_b) - atan(w_a / h_a))^2 and
// alpha = v / (1 - IoU + v), through which no gradient goes (Zheng et al. 2020, arXiv 1911.08287).
at::Tensor complete_iou(const at::Tensor& a, const at::Tensor& b);

}  // namespace shrike::train
