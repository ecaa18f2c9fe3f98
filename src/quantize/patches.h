// The values of a convolution's input that one position of its output is the product of with the
// weights: a row of C/g * kH * kW values, in the order of the weights, zeros where it is padding.
#pragma once

#include <span>
#include <vector>

#include "base/shape.h"
#include "ir/op.h"

namespace shrike {

class Patches {
 public:
  // Shapes of x (1, C, H, W), the weights and y, all static.
  Patches(const Conv& conv, const Shape& x, const Shape& weights, const Shape& y);

  int64_t groups() const { return groups_; }
  int64_t row_size() const { return channels_ * kernel_h_ * kernel_w_; }

  // How many positions are read of `most`: all that there are, at most.
  int64_t count(int64_t most) const;

  // count(most) rows of `group`, one behind the other, of positions that lie evenly in the output;
  // where not all are read, `picture` shifts them, so that other pictures show others.
  void read(std::span<const float> x, int64_t group, int64_t most, int64_t picture,
            std::vector<float>& rows) const;

 private:
  int64_t groups_, channels_;  // channels of x in a group
  int64_t height_, width_, out_height_, out_width_;
  int64_t kernel_h_, kernel_w_, stride_h_, stride_w_, dilation_h_, dilation_w_, top_, left_;
};

}  // namespace shrike
