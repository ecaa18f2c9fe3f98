// Networks of layers that random numbers chose: what channels have to be followed through.
#pragma once

#include "ir/graph.h"

namespace shrike {

// One input (1, 3, 16, 16), one output. The same for one seed.
Graph random_network(unsigned seed);

}  // namespace shrike
