#include "quantize/patches.h"

#include <algorithm>
#include <cmath>

#include "reference/window.h"

namespace shrike {

namespace {

// Fractions of multiples of it are spread evenly over 0 .. 1.
constexpr double kGoldenShare = 0.6180339887498949;

}  // namespace

Patches::Patches(const Conv& conv, const Shape& x, const Shape& weights, const Shape& y)
    : groups_(conv.group),
      channels_(weights[1]),
      height_(x[2]),
      width_(x[3]),
      out_height_(y[2]),
      out_width_(y[3]),
      kernel_h_(weights[2]),
      kernel_w_(weights[3]),
      stride_h_(conv.strides[0]),
      stride_w_(conv.strides[1]),
      dilation_h_(conv.dilations[0]),
      dilation_w_(conv.dilations[1]),
      top_(reference::window_of(conv, 0, kernel_h_, dilation_h_, height_, out_height_).pad),
      left_(reference::window_of(conv, 1, kernel_w_, dilation_w_, width_, out_width_).pad) {}

int64_t Patches::count(int64_t most) const { return std::min(most, out_height_ * out_width_); }

void Patches::read(std::span<const float> x, int64_t group, int64_t most, int64_t picture,
                   std::vector<float>& rows) const {
  const int64_t positions = out_height_ * out_width_, taken = count(most);
  rows.assign(static_cast<size_t>(taken * row_size()), 0);
  const double step = static_cast<double>(positions) / static_cast<double>(taken);
  const double turns = static_cast<double>(picture) * kGoldenShare;
  const double shift = (turns - std::floor(turns)) * step;
  float* row = rows.data();
  const float* planes = x.data() + group * channels_ * height_ * width_;
  for (int64_t i = 0; i < taken; ++i) {
    const int64_t at =
        taken == positions
            ? i
            : std::min(positions - 1, static_cast<int64_t>(static_cast<double>(i) * step + shift));
    const int64_t top = at / out_width_ * stride_h_ - top_;
    const int64_t left = at % out_width_ * stride_w_ - left_;
    for (int64_t c = 0; c < channels_; ++c)
      for (int64_t r = 0; r < kernel_h_; ++r) {
        const int64_t h = top + r * dilation_h_;
        for (int64_t s = 0; s < kernel_w_; ++s, ++row) {
          const int64_t w = left + s * dilation_w_;
          if (h >= 0 && h < height_ && w >= 0 && w < width_)
            *row = planes[(c * height_ + h) * width_ + w];
        }
      }
  }
}

}  // namespace shrike
