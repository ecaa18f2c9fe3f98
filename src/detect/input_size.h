// The size of a model's picture input: what the file says of it.
#pragma once

#include <array>
#include <optional>

#include "ir/graph.h"

namespace shrike {

// The first input that is a picture: rank 4.
std::optional<ValueId> picture_input(const Graph& graph);

// The size a model is run at when nobody says: that of its picture input, where dynamic that of
// its imgsz metadata, else 640x640. Height, width.
std::array<int, 2> default_size(const Graph& graph);

}  // namespace shrike
