// A tensor of up to 8 dimensions over a buffer somebody else owns, each dimension with a stride of
// its own: element (i0, i1, ...) lies at data + sum of i_d * strides[d]. Outermost first; strides
// count elements and may be 0 (repeated) in what is only read.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace shrike::kernels {

inline constexpr int kMaxRank = 8;
using Extents = std::array<int64_t, kMaxRank>;

template <typename T>
struct BasicStridedView {
  T* data = nullptr;
  int rank = 0;
  Extents dims{};
  Extents strides{};

  int64_t count() const {
    int64_t total = 1;
    for (int d = 0; d < rank; ++d) total *= dims[static_cast<size_t>(d)];
    return total;
  }
  operator BasicStridedView<const T>() const { return {data, rank, dims, strides}; }
};
using StridedView = BasicStridedView<float>;
using ConstStridedView = BasicStridedView<const float>;

// Row-major without gaps.
template <typename T>
BasicStridedView<T> dense_view(T* data, int rank, const Extents& dims) {
  assert(rank >= 0 && rank <= kMaxRank);
  BasicStridedView<T> view{data, rank, dims, {}};
  int64_t stride = 1;
  for (int d = rank - 1; d >= 0; --d) {
    view.strides[static_cast<size_t>(d)] = stride;
    stride *= dims[static_cast<size_t>(d)];
  }
  return view;
}

// The view with its dimensions in the order axes[0], axes[1], ...: a transpose that moves nothing.
template <typename T>
BasicStridedView<T> permuted(const BasicStridedView<T>& view,
                             const std::array<int, kMaxRank>& axes) {
  BasicStridedView<T> result{view.data, view.rank, {}, {}};
  for (size_t d = 0; d < static_cast<size_t>(view.rank); ++d) {
    result.dims[d] = view.dims[static_cast<size_t>(axes[d])];
    result.strides[d] = view.strides[static_cast<size_t>(axes[d])];
  }
  return result;
}

// The view as one of `dims`, aligned at the innermost dimension, repeated (stride 0) where its own
// extent is 1 or missing. Requires that it does broadcast to them.
template <typename T>
BasicStridedView<T> broadcast_to(const BasicStridedView<T>& view, int rank, const Extents& dims) {
  assert(view.rank <= rank && rank <= kMaxRank);
  BasicStridedView<T> result{view.data, rank, dims, {}};
  const int missing = rank - view.rank;
  for (int d = missing; d < rank; ++d) {
    const auto from = static_cast<size_t>(d - missing), to = static_cast<size_t>(d);
    assert(view.dims[from] == dims[to] || view.dims[from] == 1);
    result.strides[to] = view.dims[from] == 1 ? 0 : view.strides[from];
  }
  return result;
}

// Drops dimensions of extent 1 and joins neighbours that continue each other in every one of the
// stride lists. Returns the new rank, 0 for a single element.
int merge_dims(int rank, Extents& dims, std::initializer_list<Extents*> strides);

// Element offset of the `index`-th of the first `rank` dimensions, counted row-major.
inline int64_t offset_of(int64_t index, int rank, const Extents& dims, const Extents& strides) {
  int64_t offset = 0;
  for (int d = rank - 1; d >= 0; --d) {
    const auto at = static_cast<size_t>(d);
    offset += index % dims[at] * strides[at];
    index /= dims[at];
  }
  return offset;
}

}  // namespace shrike::kernels
