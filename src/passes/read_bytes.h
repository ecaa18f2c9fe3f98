// A picture taken as bytes by a network in integers.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Where nothing but QuantizeLinear to u8, with one scale, reads the graph's first input: the input
// becomes u8, a byte b in place of b / divisor, and each of them a Lookup, or nothing where no byte
// changes. True then; otherwise the graph stays as it is.
Result<bool> read_bytes(Graph& graph, float divisor);

}  // namespace shrike
