// Batches of pictures with labels and pictures without, side by side.
#pragma once

#include "augment/batch.h"

namespace shrike {

// The pictures of `unlabeled` behind those of `labelled`, whose place in the epoch and targets
// stay, into `mixed`. Requires pictures of the same size.
void mix(const Batch& labelled, const Batch& unlabeled, Batch& mixed);

}  // namespace shrike
