#include "engine/view.h"

#include <algorithm>
#include <cassert>

namespace shrike {

namespace {

size_t at(int axis) { return static_cast<size_t>(axis); }

}  // namespace

int64_t View::count() const {
  int64_t total = 1;
  for (int d = 0; d < rank; ++d) total *= dim(d);
  return total;
}

Shape View::shape() const { return Shape(std::vector<int64_t>(dims.begin(), dims.begin() + rank)); }

View dense_view(const Shape& shape) {
  assert(shape.rank() <= kernels::kMaxRank);
  View view;
  view.rank = shape.rank();
  int64_t stride = 1;
  for (int d = view.rank - 1; d >= 0; --d) {
    view.dims[at(d)] = shape[d];
    view.strides[at(d)] = stride;
    stride *= shape[d];
  }
  return view;
}

View map_view(const Shape& shape) {
  assert(shape.rank() == 3 || shape.rank() == 4);
  View view = dense_view(shape);
  const int64_t channels = shape[1];
  view.strides[1] = 1;
  for (int d = 2; d < view.rank; ++d) view.strides[at(d)] *= channels;
  return view;
}

bool is_dense(const View& view) {
  int64_t stride = 1;
  for (int d = view.rank - 1; d >= 0; --d) {
    if (view.dim(d) == 1) continue;
    if (view.stride(d) != stride) return false;
    stride *= view.dim(d);
  }
  return true;
}

bool is_map(const View& view) {
  if (view.rank != 4) return false;
  const int64_t channels = view.dim(1), height = view.dim(2), width = view.dim(3);
  if (channels > 1 && view.stride(1) != 1) return false;
  if (width > 1 && view.stride(3) < channels) return false;
  const int64_t row = width > 1 ? width * view.stride(3) : channels;
  return height <= 1 || view.stride(2) >= row;
}

bool same_place(const View& a, const View& b) {
  if (a.rank != b.rank || a.offset != b.offset) return false;
  for (int d = 0; d < a.rank; ++d) {
    if (a.dim(d) != b.dim(d)) return false;
    if (a.dim(d) > 1 && a.stride(d) != b.stride(d)) return false;
  }
  return true;
}

std::optional<View> reshaped(const View& view, const Shape& shape) {
  View result = dense_view(shape);
  result.offset = view.offset;
  if (view.count() == 0 || is_dense(view)) return result;
  // Walk both lists of extents from the inside: a run of old axes and a run of new ones with the
  // same product correspond, and the old run must be one block of equal steps.
  int from = view.rank - 1, to = result.rank - 1;
  while (from >= 0 || to >= 0) {
    if (from >= 0 && view.dim(from) == 1) {
      --from;
      continue;
    }
    if (to >= 0 && result.dim(to) == 1) {
      --to;
      continue;
    }
    assert(from >= 0 && to >= 0);
    int64_t old_span = view.dim(from), new_span = result.dim(to);
    int64_t stride = view.stride(from);
    result.strides[at(to--)] = stride;
    int64_t reach = view.stride(from) * view.dim(from);
    --from;
    while (old_span != new_span) {
      if (old_span < new_span) {
        if (view.dim(from) > 1) {
          if (view.stride(from) != reach) return std::nullopt;
          reach *= view.dim(from);
          old_span *= view.dim(from);
        }
        --from;
      } else {
        result.strides[at(to)] = stride * new_span;
        new_span *= result.dim(to--);
      }
    }
  }
  return result;
}

View permuted(const View& view, std::span<const int> axes) {
  assert(static_cast<int>(axes.size()) == view.rank);
  View result = view;
  for (size_t d = 0; d < axes.size(); ++d) {
    result.dims[d] = view.dim(axes[d]);
    result.strides[d] = view.stride(axes[d]);
  }
  return result;
}

View sliced(const View& view, int axis, int64_t start, int64_t count, int64_t step) {
  assert(step > 0 && start >= 0 && (count == 0 || start + (count - 1) * step < view.dim(axis)));
  View result = view;
  result.offset += count > 0 ? start * view.stride(axis) : 0;
  result.dims[at(axis)] = count;
  result.strides[at(axis)] *= count > 1 ? step : 1;
  return result;
}

View broadcast(const View& view, const Shape& shape) {
  View result = dense_view(shape);
  result.offset = view.offset;
  const int missing = shape.rank() - view.rank;
  assert(missing >= 0);
  for (int d = 0; d < shape.rank(); ++d) {
    const bool repeats = d < missing || view.dim(d - missing) == 1;
    assert(repeats || view.dim(d - missing) == shape[d]);
    result.strides[at(d)] = repeats ? 0 : view.stride(d - missing);
  }
  return result;
}

std::optional<int64_t> batch_stride(const View& view) {
  int64_t stride = 0, reach = 0;
  bool first = true;
  for (int d = view.rank - 3; d >= 0; --d) {
    if (view.dim(d) == 1) continue;
    if (first) stride = view.stride(d);
    if (!first && view.stride(d) != reach) return std::nullopt;
    reach = view.stride(d) * view.dim(d);
    first = false;
  }
  return stride;
}

}  // namespace shrike
