// Weights that are infinite or no numbers, of a training that went wrong or a file that was damaged:
// whatever is computed from them is no number either, and finds nothing without a word.
#pragma once

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// Looks at the constants that convolutions, products and batch norms take. An error (kModel) names
// the node and the constant.
Result<void> check_finite_weights(const Graph& graph);

}  // namespace shrike
