// First-order Taylor importance (Molchanov et al. 2017, arXiv 1611.06440): what the loss would
// change by if a filter's map became zero, told by gradients on pictures.
//
// With y_c what filter c of a convolution or product makes of one picture, before its activation, L
// the loss of that picture:
//   score_c = the mean over pictures of |sum over positions of y_c dL/dy_c|
// and, as y_c is linear in the filter's weights W_c and bias b_c, that sum is
//   sum over k of W_ck dL/dW_ck + b_c dL/db_c,
// which takes the gradients that learning has anyway.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "augment/batch.h"
#include "base/result.h"
#include "passes/training_graph.h"
#include "vision/letterbox.h"

namespace shrike::train {

// By the name of the weights a number for each filter.
using TaylorScores = std::map<std::string, std::vector<double>, std::less<>>;

// Over the pictures of all batches that `next` gives until it gives null, one by one, batch norms
// with their running statistics. Errors: those of Parameters, Module and `next`; kInput without a
// picture; kRuntime where a loss is not finite.
Result<TaylorScores> taylor_scores(const TrainingGraph& training, const Preprocess& preprocess,
                                   const std::function<Result<const Batch*>()>& next);

}  // namespace shrike::train
