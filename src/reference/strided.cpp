#include "reference/strided.h"

#include <cstring>

namespace shrike::reference {

std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to) {
  const std::vector<int64_t> strides = from.strides();
  std::vector<int64_t> result(static_cast<size_t>(to.rank()), 0);
  const int missing = to.rank() - from.rank();
  for (int axis = 0; axis < from.rank(); ++axis)
    if (from[axis] != 1)
      result[static_cast<size_t>(axis + missing)] = strides[static_cast<size_t>(axis)];
  return result;
}

namespace {

template <size_t kSize>
void copy_row(const std::byte* src, int64_t src_step, std::byte* dst, int64_t dst_step, int64_t n) {
  if (src_step == 1 && dst_step == 1) {
    std::memcpy(dst, src, static_cast<size_t>(n) * kSize);
    return;
  }
  // memcpy of a constant size is one move, whatever the type of what is moved.
  constexpr auto kStep = static_cast<int64_t>(kSize);
  for (int64_t i = 0; i < n; ++i)
    std::memcpy(dst + i * dst_step * kStep, src + i * src_step * kStep, kSize);
}

template <size_t kSize>
void copy_all(const StridedCopy& copy, const std::byte* src, std::byte* dst) {
  const Walk<2> walk(copy.extents, {copy.src_strides, copy.dst_strides});
  constexpr auto kStep = static_cast<int64_t>(kSize);
  walk.for_each_row([&](const std::array<int64_t, 2>& offsets) {
    copy_row<kSize>(src + (copy.src_start + offsets[0]) * kStep, walk.row_stride(0),
                    dst + (copy.dst_start + offsets[1]) * kStep, walk.row_stride(1), walk.row());
  });
}

}  // namespace

void copy_strided(const StridedCopy& copy, const std::byte* src, std::byte* dst, size_t element) {
  switch (element) {
    case 1:
      return copy_all<1>(copy, src, dst);
    case 2:
      return copy_all<2>(copy, src, dst);
    case 4:
      return copy_all<4>(copy, src, dst);
    case 8:
      return copy_all<8>(copy, src, dst);
    default:
      assert(false && "element types have 1, 2, 4 or 8 bytes");
  }
}

AxisView view_axis(const Shape& shape, int axis) {
  AxisView view;
  for (int i = 0; i < shape.rank(); ++i) {
    int64_t& part = i < axis ? view.outer : i == axis ? view.extent : view.inner;
    part *= shape[i];
  }
  return view;
}

void take_along_axis(const std::byte* src, const AxisView& view, std::span<const int64_t> indices,
                     std::byte* dst, size_t element, const std::byte* fill) {
  const size_t block = static_cast<size_t>(view.inner) * element;
  if (block == 0 || indices.empty()) return;
  for (int64_t outer = 0; outer < view.outer; ++outer) {
    const std::byte* row = src + static_cast<size_t>(outer * view.extent) * block;
    for (int64_t index : indices) {
      if (index >= 0)
        std::memcpy(dst, row + static_cast<size_t>(index) * block, block);
      else
        for (size_t at = 0; at < block; at += element) std::memcpy(dst + at, fill, element);
      dst += block;
    }
  }
}

}  // namespace shrike::reference
