#include "kernels/conv/split_sums.h"

#include <algorithm>
#include <cstring>

namespace shrike::kernels {

void Splitter::start(int64_t first, int64_t rows, uint16_t* target) {
  target_ = target;
  first_ = first, rows_ = rows, row_ = x_ = 0;
  input_rows_ = planes_.input_rows(problem_, rows);
  step_stride_ = planes_.positions(problem_, rows) * kSplitDepth;
  clear(input_rows_ * planes_.pitch, problem_.pad_left);
}

void Splitter::take(int64_t pixels) {
  while (pixels > 0 && row_ < input_rows_) pixels -= take_of_row(pixels);
}

void Splitter::split(int64_t y, int64_t x, int64_t pixels, int64_t position) const {
  kernel_.split({input_.at(y, x), input_.pixel_stride, pixels, problem_.in_channels,
                 target_ + position * kSplitDepth, planes_.steps * step_stride_, step_stride_});
}

void Splitter::clear(int64_t position, int64_t count) const {
  if (count <= 0) return;
  for (int64_t i = 0; i < planes_.parts * planes_.steps; ++i)
    std::memset(target_ + position * kSplitDepth + i * step_stride_, 0,
                static_cast<size_t>(count * kSplitDepth) * sizeof(uint16_t));
}

// Of one row, with its padding. Returns how many it took.
int64_t Splitter::take_of_row(int64_t pixels) {
  const ConvProblem& p = problem_;
  const int64_t y = first_ * p.stride_h - p.pad_top + row_;
  const int64_t position = planes_.row_position(p, rows_, row_);
  if (y < 0 || y >= p.in_height) {
    clear(position, planes_.pitch);
    ++row_;
    return std::min(pixels, p.in_width);
  }
  if (x_ == 0) {
    clear(position, p.pad_left);
    clear(position + p.pad_left + p.in_width, planes_.pitch - p.pad_left - p.in_width);
  }
  const int64_t count = std::min(pixels, p.in_width - x_);
  split(y, x_, count, position + p.pad_left + x_);
  x_ += count;
  if (x_ == p.in_width) x_ = 0, ++row_;
  return count;
}

void SplitSums::compute(const Strip& strip, int64_t begin, int64_t end) {
  const int64_t pixels = (strip.rows - 1) * planes_.width + problem_.out_width;
  describe_taps(strip.rows);
  next_ = strip.next;
  if (next_) {
    const int64_t steps = (end - begin) * divide_up(pixels, kSplitRows) * packing_.steps;
    share_ = divide_up(next_->pixels(), std::max<int64_t>(1, steps));
  }
  for (int64_t block = begin; block < end; ++block)
    for (int64_t pixel = 0; pixel < pixels; pixel += kSplitRows)
      compute_block(strip, block, pixel, std::min(kSplitRows, pixels - pixel));
  if (next_) next_->take_rest();
}

void SplitSums::describe_taps(int64_t rows) {
  const ConvProblem& p = problem_;
  int64_t* tap = taps_;
  for (int64_t i = 0; i < p.kernel_h; ++i)
    for (int64_t j = 0; j < p.kernel_w; ++j)
      *tap++ = (planes_.row_position(p, rows, i * p.dilation_h) + j * p.dilation_w) * kSplitDepth;
}

void SplitSums::compute_block(const Strip& strip, int64_t block, int64_t pixel, int64_t count) {
  float* sums = sums_ + turn_ * kSplitSums;
  turn_ ^= 1;
  const int64_t step_stride = strip.positions * kSplitDepth;
  waiting_.share = std::max(kSplitLeastShare, divide_up(waiting_.count, packing_.steps));
  kernel_.products({
      .inputs = strip.planes + pixel * problem_.stride_w * kSplitDepth,
      .pixel_stride = problem_.stride_w * kSplitDepth,
      .part_stride = planes_.steps * step_stride,
      .step_stride = step_stride,
      .taps = taps_,
      .tap_count = problem_.taps(),
      .steps = planes_.steps,
      .weights = reinterpret_cast<const uint16_t*>(packed_) + packing_.at(2 * block),
      .weight_tiles = packing_.part_tiles(2 * block),
      .bias = reinterpret_cast<const float*>(packed_) + packing_.bias + block * kSplitColumns,
      .sums = sums,
      .pixel_tiles = static_cast<int>(divide_up(count, kSplitTile)),
      .output_tiles = static_cast<int>(std::min<int64_t>(2, packing_.tiles - 2 * block)),
      .beside = beside,
      .context = this,
  });
  finish();
  waiting_ = {sums, block, strip.pixel + pixel, count};
}

// The next `count` rows of the waiting sums, but for those between the end of a row and its pitch.
void SplitSums::finish_rows(int64_t count) {
  const int64_t last = std::min(waiting_.count, waiting_.done + count);
  const int64_t width = planes_.width;
  while (waiting_.done < last) {
    const int64_t pixel = waiting_.pixel + waiting_.done, y = pixel / width, x = pixel % width;
    const int64_t there = std::min(last - waiting_.done, problem_.out_width - x);
    if (there > 0) finish_row(y, x, there);
    waiting_.done = std::min(last, waiting_.done + width - x);
  }
}

// Some of them in one row.
void SplitSums::finish_row(int64_t y, int64_t x, int64_t count) const {
  const SplitPointers pointers(maps_, problem_.residual != Residual::kNone, first_row_ + y, x,
                               count);
  const int64_t column = waiting_.block * kSplitColumns;
  finish_({waiting_.sums + waiting_.done * kSplitColumns, static_cast<int>(count),
           column - first_output_, std::min(kSplitColumns, problem_.out_channels - column),
           pointers.outputs, pointers.residual, problem_.activation, problem_.residual});
}

}  // namespace shrike::kernels
