// Views: who reads or writes which floats of a buffer somebody else owns.
//
// A MapView is one picture of a feature map, stored NHWC: element (y, x, c) lies at
//   data + y * row_stride + x * pixel_stride + c
// with pixel_stride >= channels and row_stride >= width * pixel_stride (row_stride is free where
// height is 1). A pixel stride beyond the channel count is how concat and split over channels
// cost nothing: producers write their channels at an offset inside a wider pixel. No border is
// stored; what lies outside a map is the business of the kernel that looks there. A batch is a
// loop of the caller's over its pictures.
//
// Strides count elements, not bytes. Data needs no alignment beyond the element's own. Views do
// not own. Kernels write nothing but the elements of their output views, and read nothing but
// the elements of their inputs: what lies between pixels may belong to another thread.
#pragma once

#include <cstdint>

namespace shrike::kernels {

template <typename T>
struct BasicMapView {
  T* data = nullptr;
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  int64_t pixel_stride = 0;
  int64_t row_stride = 0;

  T* at(int64_t y, int64_t x) const { return data + y * row_stride + x * pixel_stride; }
  int64_t pixels() const { return height * width; }
  operator BasicMapView<const T>() const {
    return {data, height, width, channels, pixel_stride, row_stride};
  }
};
using MapView = BasicMapView<float>;
using ConstMapView = BasicMapView<const float>;

// A map without gaps: pixel_stride == channels, row_stride == width * channels.
template <typename T>
BasicMapView<T> dense_map(T* data, int64_t height, int64_t width, int64_t channels) {
  return {data, height, width, channels, channels, width * channels};
}

// Channels [begin, begin + count) of a map.
template <typename T>
BasicMapView<T> channel_slice(const BasicMapView<T>& map, int64_t begin, int64_t count) {
  return {map.data + begin, map.height, map.width, count, map.pixel_stride, map.row_stride};
}

// `rows` runs of `length` consecutive elements, `stride` apart; a stride of 0 repeats one row.
template <typename T>
struct BasicRowsView {
  T* data = nullptr;
  int64_t rows = 0;
  int64_t length = 0;
  int64_t stride = 0;

  T* row(int64_t index) const { return data + index * stride; }
  operator BasicRowsView<const T>() const { return {data, rows, length, stride}; }
};
using RowsView = BasicRowsView<float>;
using ConstRowsView = BasicRowsView<const float>;

}  // namespace shrike::kernels
