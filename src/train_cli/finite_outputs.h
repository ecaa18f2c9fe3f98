// Whether what a network in training says are numbers: losses see it with a batch's statistics, and
// may be finite where it is not with the running ones.
#pragma once

#include "base/result.h"
#include "data/dataset.h"
#include "ir/graph.h"

namespace shrike {

// `network`: trained_graph() with weights. It is shown the first four of the pictures that can be
// read, in the engine: weights and statistics that are infinite or no numbers show in any of them.
// False where any of its outputs is. (The decoding of heads drops what is no number: such a network
// finds nothing, which is no error there.) Errors: those of make_network() and Session.
Result<bool> outputs_are_finite(Graph network, const Dataset& dataset);

}  // namespace shrike
