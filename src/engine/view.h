// View: a strided tensor in a buffer, without saying which: element (i0, i1, ...) lies at
//   offset + sum of i_d * strides[d]
// counted in elements. Reshape, Transpose, Slice and their like are arithmetic on views wherever
// strides can express them, so most operators that move data move none.
//
// Two layouts have names. Dense: row-major without gaps, ONNX's own. Map: rank 4, channels
// adjacent (stride 1), pixels beside each other and rows below each other, as kernels/view.h asks.
#pragma once

#include <optional>
#include <span>

#include "base/shape.h"
#include "kernels/strided.h"
#include "kernels/view.h"

namespace shrike {

struct View {
  int64_t offset = 0;
  int rank = 0;
  kernels::Extents dims{};
  kernels::Extents strides{};

  int64_t dim(int axis) const { return dims[static_cast<size_t>(axis)]; }
  int64_t stride(int axis) const { return strides[static_cast<size_t>(axis)]; }
  int64_t count() const;
  Shape shape() const;
};

// Both require shape.rank() <= kernels::kMaxRank; map_view a rank of 4, (N, C, H, W).
View dense_view(const Shape& shape);
View map_view(const Shape& shape);

// Strides of extents of 1 count for nothing.
bool is_dense(const View& view);
bool is_map(const View& view);
bool same_place(const View& a, const View& b);

// The same elements in row-major order under another shape; nothing where no strides say that.
// Requires the same count.
std::optional<View> reshaped(const View& view, const Shape& shape);

// Axis d of the result is axis axes[d] of the view.
View permuted(const View& view, std::span<const int> axes);

// Elements start, start + step, ... of one axis, `count` of them. Requires step > 0 and a range
// within the extent.
View sliced(const View& view, int axis, int64_t start, int64_t count, int64_t step = 1);

// Repeated (stride 0) to a shape it broadcasts to.
View broadcast(const View& view, const Shape& shape);

// The axis pairs (..., last two) of a batched matrix: all axes before them as one, its stride;
// nothing where no single stride says that.
std::optional<int64_t> batch_stride(const View& view);

template <typename T>
kernels::BasicStridedView<T> strided_at(const View& view, T* base) {
  return {base + view.offset, view.rank, view.dims, view.strides};
}

// Picture `image` of a map. Requires is_map(). Where height or width is 1 the free stride is
// chosen so that rows lie back to back.
template <typename T>
kernels::BasicMapView<T> map_at(const View& view, T* base, int64_t image) {
  const int64_t height = view.dim(2), width = view.dim(3), channels = view.dim(1);
  int64_t pixel = view.stride(3), row = view.stride(2);
  if (width == 1) pixel = height == 1 ? channels : row;
  if (height == 1) row = width * pixel;
  return {base + view.offset + image * view.stride(0), height, width, channels, pixel, row};
}

}  // namespace shrike
