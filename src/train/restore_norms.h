// Batch norms put back into a network whose file has them folded (passes/insert_batchnorm.h), with
// the moments of training pictures.
#pragma once

#include <functional>
#include <optional>

#include "augment/batch.h"
#include "passes/training_graph.h"
#include "vision/letterbox.h"

namespace shrike::train {

// Nothing is done, and no batch asked for, where none is folded. `next`: batches at the graph's
// size until it gives none. The graph computes what it did. Returns how many were put back.
// Errors: those of measure_moments(); of `next`.
Result<int64_t> restore_norms(TrainingGraph& training, const Preprocess& preprocess,
                              const std::function<Result<const Batch*>()>& next);

}  // namespace shrike::train
