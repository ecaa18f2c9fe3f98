#include "vision/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace shrike {

namespace {

constexpr float kWeightScale = 2048;

// Where an output coordinate falls between source pixel `index` and the next one.
struct Position {
  int index;
  float fraction;  // 0 <= fraction < 1
};

// In this order of operations and precisions because the last bit of a weight depends on it.
Position position(int out, double scale) {
  const auto at = static_cast<float>((out + 0.5) * scale - 0.5);
  const float floor = std::floor(at);
  return {static_cast<int>(floor), at - floor};
}

double source_step(int source, int out) { return 1.0 / (static_cast<double>(out) / source); }

int16_t to_weight(float fraction) {
  return static_cast<int16_t>(std::lrintf(fraction * kWeightScale));
}

std::vector<ColumnTap> column_taps(int source, int out) {
  std::vector<ColumnTap> taps(static_cast<size_t>(out));
  const double step = source_step(source, out);
  for (int x = 0; x < out; ++x) {
    Position p = position(x, step);
    if (p.index < 0) p = {0, 0};
    if (p.index >= source - 1) p = {source - 1, 0};
    taps[static_cast<size_t>(x)] = {p.index * kImageChannels, to_weight(1 - p.fraction),
                                    to_weight(p.fraction)};
  }
  return taps;
}

}  // namespace

ResizedRows::ResizedRows(const Image& source, int width, int height, const RowKernels& kernels)
    : source_(source),
      kernels_(kernels),
      method_(Method::kBlend),
      out_bytes_(static_cast<size_t>(width) * kImageChannels) {
  assert(!source.empty() && width > 0 && height > 0);
  if (source.width() == width && source.height() == height) {
    method_ = Method::kCopy;
    return;
  }
  out_.resize(out_bytes_);
  if (source.width() % 2 == 0 && source.height() % 2 == 0 && source.width() / 2 == width &&
      source.height() / 2 == height) {
    method_ = Method::kHalve;
    return;
  }
  columns_ = column_taps(source.width(), width);
  for (BlendedRow& row : cache_) row.values.resize(out_bytes_);
  rows_.resize(static_cast<size_t>(height));
  const double step = source_step(source.height(), height);
  const int last = source.height() - 1;
  for (int y = 0; y < height; ++y) {
    // Unlike columns, rows outside the picture keep their weights, and repeat the edge twice.
    const Position p = position(y, step);
    rows_[static_cast<size_t>(y)] = {std::clamp(p.index, 0, last), std::clamp(p.index + 1, 0, last),
                                     to_weight(1 - p.fraction), to_weight(p.fraction)};
  }
}

const uint8_t* ResizedRows::row(int y) {
  switch (method_) {
    case Method::kCopy:
      return source_.row(y);
    case Method::kHalve:
      return halved_row(y);
    case Method::kBlend:
      break;
  }
  return blended_row(y);
}

const uint8_t* ResizedRows::halved_row(int y) {
  kernels_.halve(source_.row(2 * y), source_.row(2 * y + 1), out_bytes_ / kImageChannels,
                 out_.data());
  return out_.data();
}

const uint8_t* ResizedRows::blended_row(int y) {
  const RowTap& tap = rows_[static_cast<size_t>(y)];
  const int16_t* upper = blend_columns(tap.upper, tap.lower);
  const int16_t* lower = blend_columns(tap.lower, tap.upper);
  kernels_.blend_rows(upper, lower, tap.upper_weight, tap.lower_weight, out_bytes_, out_.data());
  return out_.data();
}

// The blended columns of one source row; keeps `other` if that is what the cache holds.
const int16_t* ResizedRows::blend_columns(int source_row, int other) {
  for (const BlendedRow& row : cache_)
    if (row.source_row == source_row) return row.values.data();
  BlendedRow& row = cache_[cache_[0].source_row == other ? 1 : 0];
  row.source_row = source_row;
  kernels_.blend_columns(source_.row(source_row), source_.row_bytes(), columns_, row.values.data());
  return row.values.data();
}

Image resize(const Image& source, int width, int height) {
  Image out(width, height);
  ResizedRows rows(source, width, height);
  for (int y = 0; y < height; ++y) std::memcpy(out.row(y), rows.row(y), out.row_bytes());
  return out;
}

}  // namespace shrike
