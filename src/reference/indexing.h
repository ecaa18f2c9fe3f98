// Indices that come as tensors: checked, and turned into offsets. Private to reference.
#pragma once

#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

// Input i as i64, negative ones counted from the end of `extent`; an error names one out of range.
Result<Tensor> wrapped_indices(const Inputs& in, size_t i, int64_t extent);

// An error unless input 1, indices for GatherElements and ScatterElements, has input 0's rank and
// no larger extents but on the axis.
Result<void> expect_inside(const Inputs& in, int axis);

// body(offset, at) for each index, in order: `at` its place among the indices, `offset` the element
// of a tensor of shape x that has its coordinates, but the index itself on the axis.
template <typename Body>
void for_each_indexed(const Shape& x, int axis, const Tensor& indices, Body&& body) {
  std::vector<int64_t> strides = x.strides();
  const int64_t along = strides[static_cast<size_t>(axis)];
  strides[static_cast<size_t>(axis)] = 0;
  const Walk<2> walk(indices.shape(), {strides, indices.shape().strides()});
  const int64_t* index = indices.data<int64_t>().data();
  walk.for_each_row([&](const std::array<int64_t, 2>& offsets) {
    for (int64_t i = 0; i < walk.row(); ++i) {
      const int64_t at = offsets[1] + i * walk.row_stride(1);
      body(offsets[0] + i * walk.row_stride(0) + index[at] * along, at);
    }
  });
}

// Input 1 as tuples along its last axis that index input 0 after `batch_dims` axes in common: the
// element offset of each block, and the elements in a block.
struct TupleIndices {
  std::vector<int64_t> offsets;
  int64_t block = 1;
};
Result<TupleIndices> resolve_tuples(const Inputs& in, int64_t batch_dims);

}  // namespace shrike::reference
