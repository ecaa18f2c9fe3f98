// A network for other classes.
#pragma once

#include <cstdint>

#include "ir/graph.h"

namespace shrike::zoo {

// The network for `classes` classes: backbone, neck, box and objectness rows keep their weights;
// the class rows of the layers that make the raw maps are new, as initialise() would have them.
// Metadata "names" goes, as it names the old ones. Requires a lifted head. Errors (kModel): no
// head, or raw maps that no plain convolution makes; the graph is then as it was.
Result<void> change_classes(Graph& graph, int64_t classes, uint64_t seed);

}  // namespace shrike::zoo
