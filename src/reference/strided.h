// Walking several tensors of one shape but different strides, row by row: how broadcasts,
// transposes, slices and reductions are written without a division per element.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/tensor.h"

namespace shrike::reference {

// A box of `extents`, and for each of N operands its stride (elements, may be 0 or negative) on
// every axis. Axes of extent 1 are dropped and axes that follow on from each other in all operands
// joined, so that the rows are as long as they can be.
template <size_t N>
class Walk {
 public:
  Walk(const Shape& extents, const std::array<std::vector<int64_t>, N>& strides);

  // The innermost axis, which the body of for_each_row loops over itself.
  int64_t row() const { return row_; }
  int64_t row_stride(size_t operand) const { return row_strides_[operand]; }

  // body(offsets): for every row, in order, the element offset of its start in each operand.
  template <typename Body>
  void for_each_row(Body&& body) const;

 private:
  using Offsets = std::array<int64_t, N>;
  std::vector<int64_t> extents_;  // outer axes, innermost last
  std::vector<Offsets> strides_;
  int64_t row_ = 1;
  Offsets row_strides_{};
};

template <size_t N>
Walk<N>::Walk(const Shape& extents, const std::array<std::vector<int64_t>, N>& strides) {
  for (int axis = 0; axis < extents.rank(); ++axis) {
    if (extents[axis] == 1) continue;
    Offsets step;
    bool follows = !extents_.empty();
    for (size_t n = 0; n < N; ++n) {
      step[n] = strides[n][static_cast<size_t>(axis)];
      follows = follows && strides_.back()[n] == step[n] * extents[axis];
    }
    if (follows) {
      extents_.back() *= extents[axis];
      strides_.back() = step;
    } else {
      extents_.push_back(extents[axis]);
      strides_.push_back(step);
    }
  }
  if (extents_.empty()) return;
  row_ = extents_.back();
  row_strides_ = strides_.back();
  extents_.pop_back();
  strides_.pop_back();
}

template <size_t N>
template <typename Body>
void Walk<N>::for_each_row(Body&& body) const {
  if (row_ == 0) return;
  for (int64_t extent : extents_)
    if (extent == 0) return;
  Offsets offsets{};
  std::vector<int64_t> index(extents_.size(), 0);
  while (true) {
    body(offsets);
    size_t axis = extents_.size();
    while (true) {
      if (axis-- == 0) return;
      for (size_t n = 0; n < N; ++n) offsets[n] += strides_[axis][n];
      if (++index[axis] < extents_[axis]) break;
      for (size_t n = 0; n < N; ++n) offsets[n] -= strides_[axis][n] * extents_[axis];
      index[axis] = 0;
    }
  }
}

// Strides with which a tensor of shape `from` is read as one of shape `to`, which it broadcasts to:
// 0 on the axes that repeat. Requires that it does.
std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to);

// dst[dst_start + index . dst_strides] = src[src_start + index . src_strides] over a box; starts
// and strides in elements of `element` bytes. Requires that all of it lies in the two buffers.
struct StridedCopy {
  Shape extents;
  std::vector<int64_t> src_strides;
  std::vector<int64_t> dst_strides;
  int64_t src_start = 0;
  int64_t dst_start = 0;
};
void copy_strided(const StridedCopy& copy, const std::byte* src, std::byte* dst, size_t element);

// Extents before, at and after an axis: a tensor as (outer, extent, inner).
struct AxisView {
  int64_t outer = 1;
  int64_t extent = 1;
  int64_t inner = 1;
};
AxisView view_axis(const Shape& shape, int axis);

// dst[o, j, i] = src[o, indices[j], i], `fill` (one element) where the index is negative. Requires
// the other indices to be below view.extent; dst has view's outer and inner extents.
void take_along_axis(const std::byte* src, const AxisView& view, std::span<const int64_t> indices,
                     std::byte* dst, size_t element, const std::byte* fill);

}  // namespace shrike::reference
