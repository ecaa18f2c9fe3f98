// The size of a model's picture input: what the file says of it.
#pragma once

#include <array>
#include <optional>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// The first input that is a picture: rank 4.
std::optional<ValueId> picture_input(const Graph& graph);

// The size a model is run at when nobody says: that of its picture input, where dynamic that of
// its imgsz metadata, else 640x640. Height, width.
std::array<int, 2> default_size(const Graph& graph);

// Whether the model can be run at `size` (height, width) by what its stride metadata says, where
// it has any: both sides are multiples. The size that the file itself fixes is never refused. An
// error is of kUsage.
Result<void> check_size(const Graph& graph, const std::array<int, 2>& size);

}  // namespace shrike
