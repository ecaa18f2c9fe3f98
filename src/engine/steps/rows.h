// Several views of the same extents as runs of adjacent elements, for kernels that work on rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/view.h"

namespace shrike {

// Element i of row r of block b of view v lies, from the view's first element, at
//   blocks[b][v] + r * strides[v] + i * steps[v]
struct Rows {
  int64_t rows = 1;
  int64_t length = 1;
  std::vector<int64_t> strides;
  std::vector<int64_t> steps;
  std::vector<std::vector<int64_t>> blocks;
};

inline constexpr int64_t kAnyBlocks = INT64_MAX;  // maps with gaps between rows take one a row

// Whether a row may be one element of a view, read again and again.
enum class Repeats : uint8_t { kAllowed, kNot };

// The last view is written: its elements of a row are adjacent (step 1), those of the others too or
// one and the same (step 0) where that is allowed; rows have one element where no axis is like that
// in all views. Nothing where it takes more than `most` blocks. Requires equal extents, a written
// view without repeats.
std::optional<Rows> rows_of(std::span<const View> views, int64_t most,
                            Repeats repeats = Repeats::kAllowed);

}  // namespace shrike
