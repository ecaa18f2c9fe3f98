// What depthwise convolutions of bytes and of words read: rows of inputs copied into a band with
// the padding filled in, so that every output is made of the elements at the same offsets from its
// own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "base/tensor.h"
#include "kernels/conv/conv.h"
#include "kernels/qconv/direct_geometry.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

inline constexpr int64_t kMaxDepthwiseVector = 64;  // bytes, read behind the last pixel

// The output in blocks of rows, and the band of one: [row][phase][pixel][channel], phase and pixel
// of input column x being x % stride and x / stride.
struct DepthwiseGrid {
  DepthwiseGrid(const ConvProblem& p, int64_t channel_pitch, int64_t element_bytes, int threads)
      : columns((p.out_width - 1) * p.stride_w + (p.kernel_w - 1) * p.dilation_w + 1),
        pitch(channel_pitch),
        phase(divide_up(columns, p.stride_w) * channel_pitch),
        row(p.stride_w * phase) {
    constexpr int64_t kBandBytes = 64 * 1024;
    const int64_t reach = (p.kernel_h - 1) * p.dilation_h + 1;
    const int64_t wanted = threads > 1 ? 4 * threads : 1;
    const int64_t fit =
        (kBandBytes / element_bytes / std::max<int64_t>(1, row) - reach) / p.stride_h + 1;
    rows = std::clamp<int64_t>(std::min(fit, divide_up(p.out_height, wanted)), 1,
                               std::max<int64_t>(1, p.out_height));
    blocks = divide_up(p.out_height, rows);
    band_rows = (rows - 1) * p.stride_h + reach;
    scratch = align_up(static_cast<size_t>(band_rows * row * element_bytes + kMaxDepthwiseVector));
  }

  int64_t columns;  // input columns that a row of outputs reads
  int64_t pitch;    // elements of a pixel
  int64_t phase;    // elements
  int64_t row;      // elements
  int64_t rows;     // outputs of a block
  int64_t blocks;
  int64_t band_rows;
  size_t scratch;  // bytes of one worker's band
};

// Bytes of the bands of that many workers; as fewer have larger blocks, it does for them as well.
inline size_t depthwise_scratch(const ConvProblem& problem, int64_t channel_pitch,
                                int64_t element_bytes, int threads) {
  size_t most = 0;
  for (int count = 1; count <= threads; ++count)
    most = std::max(most, static_cast<size_t>(count) *
                              DepthwiseGrid(problem, channel_pitch, element_bytes, count).scratch);
  return most;
}

// Null, or why such a band cannot be.
inline const char* depthwise_refuse(const ConvProblem& problem, int64_t element_bytes) {
  if (problem.groups != problem.in_channels || problem.groups != problem.out_channels)
    return "not depthwise with one output for each input channel";
  // Of a band for one row of outputs, its phases and channels rounded up.
  const auto reach_h = static_cast<double>((problem.kernel_h - 1) * problem.dilation_h);
  const auto reach_w = static_cast<double>((problem.kernel_w - 1) * problem.dilation_w);
  const auto stride = static_cast<double>(problem.stride_w);
  const double columns = static_cast<double>(problem.out_width) * stride + reach_w + 1;
  const auto pixel = static_cast<double>((problem.in_channels + 7) * element_bytes);
  if (spans_far_more_than_map(problem) || (reach_h + 1) * columns * pixel > kMostBandBytes)
    return "a window reaches over too much of the map";
  return nullptr;
}

// T: uint8_t or int16_t, as the map's elements are; or int16_t, of a map of bytes less their zero.
template <typename T, typename Source = T>
class DepthwiseBand {
 public:
  DepthwiseBand(const ConvProblem& problem, int64_t channel_pitch, int zero, int threads)
      : grid(problem, channel_pitch, sizeof(T), threads),
        problem_(problem),
        zero_(static_cast<T>(kSame ? zero : 0)),
        less_(kSame ? 0 : zero) {}

  // Of each tap, from an output's own element.
  std::vector<int64_t> offsets(int64_t count) const {
    std::vector<int64_t> offsets(static_cast<size_t>(count));
    for (int64_t tap = 0; tap < problem_.taps(); ++tap) {
      const int64_t column = tap % problem_.kernel_w * problem_.dilation_w;
      offsets[static_cast<size_t>(tap)] = tap / problem_.kernel_w * problem_.dilation_h * grid.row +
                                          column % problem_.stride_w * grid.phase +
                                          column / problem_.stride_w * grid.pitch;
    }
    return offsets;
  }

  // What output rows [first, last) read.
  void fill(const BasicMapView<const Source>& map, int64_t first, int64_t last, T* band) const {
    const int64_t top = first * problem_.stride_h - problem_.pad_top;
    const int64_t rows =
        (last - first - 1) * problem_.stride_h + (problem_.kernel_h - 1) * problem_.dilation_h + 1;
    for (int64_t i = 0; i < rows; ++i, band += grid.row) {
      const bool exists = top + i >= 0 && top + i < problem_.in_height;
      fill_row(exists ? map.at(top + i, 0) : nullptr, map.pixel_stride, band);
    }
  }

  const DepthwiseGrid grid;

 private:
  static constexpr bool kSame = std::is_same_v<T, Source>;

  T element(Source value) const {
    if constexpr (kSame) return value;
    return static_cast<T>(value - less_);
  }

  // Pixels are short: pieces of a fixed size are copied without a call.
  void copy_pixel(const Source* source, int64_t count, T* target) const {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
      if constexpr (kSame) {
        std::memcpy(target + i, source + i, 8 * sizeof(T));
      } else {
        for (int64_t j = i; j < i + 8; ++j) target[j] = element(source[j]);
      }
    }
    for (; i < count; ++i) target[i] = element(source[i]);
  }

  void copy_run(const Source* source, int64_t count, T* target) const {
    if constexpr (kSame) {
      std::memcpy(target, source, static_cast<size_t>(count) * sizeof(T));
    } else {
      for (int64_t i = 0; i < count; ++i) target[i] = element(source[i]);
    }
  }

  // Columns [first, last) of the band from the map's row.
  void fill_pixels(const Source* source, int64_t pixel, int64_t first, int64_t last, T* row) const {
    const int64_t channels = problem_.in_channels, pitch = grid.pitch, stride = problem_.stride_w;
    source += (first - problem_.pad_left) * pixel;
    if (stride == 1 && channels == pitch && pixel == pitch) {
      copy_run(source, (last - first) * pitch, row + first * pitch);
      return;
    }
    for (int64_t n = first; n < std::min(last, first + stride); ++n) {
      T* target = row + n % stride * grid.phase + n / stride * pitch;
      const Source* from = source + (n - first) * pixel;
      for (int64_t x = n; x < last; x += stride, target += pitch, from += stride * pixel)
        copy_pixel(from, channels, target);
    }
  }

  // A row of the band, from a row of the map or from nothing.
  void fill_row(const Source* source, int64_t pixel, T* row) const {
    const int64_t columns = source ? grid.columns : 0;
    const int64_t first = std::min(problem_.pad_left, columns);
    const int64_t last = std::clamp(problem_.pad_left + problem_.in_width, first, columns);
    if (first > 0 || last < grid.columns) std::fill_n(row, grid.row, zero_);
    if (first < last) fill_pixels(source, pixel, first, last, row);
  }

  const ConvProblem& problem_;
  const T zero_;    // what padding is
  const int less_;  // what is taken off each element
};

}  // namespace shrike::kernels
