// Copies between slots of one shape and element type, whatever their strides.
#pragma once

#include <memory>
#include <vector>

#include "engine/step.h"

namespace shrike {

struct SlotCopy {
  Slot from, to;
};

std::unique_ptr<Step> make_copy_step(std::vector<SlotCopy> copies);

// Elements of `size` bytes, 1, 2, 4 or 8, from one view of bytes to another of the same extents.
void copy_view(const View& from_view, const std::byte* from, const View& to_view, std::byte* to,
               size_t size, ThreadPool& pool);

// A constant of rank 4 and f32 with its elements in the order of map_view().
Tensor map_order(const Tensor& tensor);

}  // namespace shrike
