// Weights that are stored in 16 bits of floating point, and computed with in 32.
#pragma once

#include "ir/graph.h"

namespace shrike {

// What convolutions and matrix products read of constants becomes f16 behind a Cast to f32: half
// the file, and a network in floats as before wherever constants are folded. A tensor stays as it
// is where f16 cannot hold it: a value of 65520 or more in size, or none of 2^-13 or more but zeros
// (which would leave less than 11 bits of the largest).
Result<void> halve_weights(Graph& graph);

}  // namespace shrike
