#include "vision/letterbox.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "vision/resize.h"
#include "vision/row_kernels.h"

namespace shrike {

namespace {

// std::nearbyint rounds half to even in the default rounding mode, as Python's round does.
int round_half_even(double x) { return static_cast<int>(std::nearbyint(x)); }

double fit_ratio(const Preprocess& p, int w, int h) {
  return std::min(static_cast<double>(p.width) / w, static_cast<double>(p.height) / h);
}

void place_centre(const Preprocess& p, int w, int h, Placement& out) {
  const double ratio = fit_ratio(p, w, h);
  out.width = std::clamp(round_half_even(w * ratio), 1, p.width);
  out.height = std::clamp(round_half_even(h * ratio), 1, p.height);
  out.left = round_half_even((p.width - out.width) / 2.0 - 0.1);
  out.top = round_half_even((p.height - out.height) / 2.0 - 0.1);
  out.scale_x = static_cast<double>(out.width) / w;
  out.scale_y = static_cast<double>(out.height) / h;
  out.pad_x = out.left;
  out.pad_y = out.top;
}

void place_centre_truncated(const Preprocess& p, int w, int h, Placement& out) {
  // Darknet compares in float and scales in integers.
  const bool fills_width = static_cast<float>(p.width) / static_cast<float>(w) <
                           static_cast<float>(p.height) / static_cast<float>(h);
  const auto scaled = [](int side, int to, int from) {
    return static_cast<int>(std::max<int64_t>(int64_t{side} * to / from, 1));
  };
  out.width = fills_width ? p.width : std::min(scaled(w, p.height, h), p.width);
  out.height = fills_width ? std::min(scaled(h, p.width, w), p.height) : p.height;
  out.left = (p.width - out.width) / 2;
  out.top = (p.height - out.height) / 2;
  out.scale_x = static_cast<double>(out.width) / w;
  out.scale_y = static_cast<double>(out.height) / h;
  out.pad_x = (p.width - out.width) / 2.0;
  out.pad_y = (p.height - out.height) / 2.0;
}

void place_top_left(const Preprocess& p, int w, int h, Placement& out) {
  const double ratio = fit_ratio(p, w, h);
  out.width = std::clamp(static_cast<int>(w * ratio), 1, p.width);
  out.height = std::clamp(static_cast<int>(h * ratio), 1, p.height);
  out.scale_x = out.scale_y = ratio;
}

void place_stretch(const Preprocess& p, int w, int h, Placement& out) {
  out.width = p.width;
  out.height = p.height;
  out.scale_x = static_cast<double>(p.width) / w;
  out.scale_y = static_cast<double>(p.height) / h;
}

// RGB to BGR and back.
void swap_channels(const uint8_t* in, size_t bytes, uint8_t* out) {
  for (size_t i = 0; i < bytes; i += kImageChannels) {
    out[i] = in[i + 2];
    out[i + 1] = in[i + 1];
    out[i + 2] = in[i];
  }
}

// Writes rows of the input tensor: padding, then pixels, then padding.
class InputWriter {
 public:
  InputWriter(const Preprocess& preprocess, const Placement& placement, TensorLayout layout,
              float* out)
      : preprocess_(preprocess),
        placement_(placement),
        layout_(layout),
        out_(out),
        fill_(preprocess.fill / preprocess.divisor),
        scratch_(static_cast<size_t>(placement.width) * kImageChannels) {}

  void pad_row(int y) const { pad(y, 0, preprocess_.width); }

  void pixel_row(int y, const uint8_t* rgb) {
    const int right = placement_.left + placement_.width;
    pad(y, 0, placement_.left);
    pad(y, right, preprocess_.width);
    layout_ == TensorLayout::kNchw ? write_planes(y, rgb) : write_pixels(y, rgb);
  }

 private:
  size_t index(int y, int x) const {
    return static_cast<size_t>(y) * static_cast<size_t>(preprocess_.width) + static_cast<size_t>(x);
  }
  size_t plane() const { return index(preprocess_.height, 0); }

  void pad(int y, int from, int to) const {
    const auto count = static_cast<size_t>(to - from);
    if (layout_ == TensorLayout::kNhwc) {
      std::fill_n(out_ + index(y, from) * kImageChannels, count * kImageChannels, fill_);
      return;
    }
    for (size_t c = 0; c < kImageChannels; ++c)
      std::fill_n(out_ + c * plane() + index(y, from), count, fill_);
  }

  void write_planes(int y, const uint8_t* rgb) {
    const auto count = static_cast<size_t>(placement_.width);
    uint8_t* planes[kImageChannels] = {scratch_.data(), scratch_.data() + count,
                                       scratch_.data() + 2 * count};
    if (preprocess_.order == ChannelOrder::kBgr) std::swap(planes[0], planes[2]);
    kernels_.deinterleave(rgb, count, planes[0], planes[1], planes[2]);
    for (size_t c = 0; c < kImageChannels; ++c)
      kernels_.to_float(scratch_.data() + c * count, count, preprocess_.divisor,
                        out_ + c * plane() + index(y, placement_.left));
  }

  void write_pixels(int y, const uint8_t* rgb) {
    if (preprocess_.order == ChannelOrder::kBgr) {
      swap_channels(rgb, scratch_.size(), scratch_.data());
      rgb = scratch_.data();
    }
    kernels_.to_float(rgb, scratch_.size(), preprocess_.divisor,
                      out_ + index(y, placement_.left) * kImageChannels);
  }

  const Preprocess& preprocess_;
  const Placement& placement_;
  TensorLayout layout_;
  float* out_;
  float fill_;
  std::vector<uint8_t> scratch_;
  const RowKernels& kernels_ = row_kernels();
};

}  // namespace

Preprocess Preprocess::ultralytics(int width, int height) {
  return {Fit::kCentre, width, height, 114, ChannelOrder::kRgb, 255};
}

Preprocess Preprocess::darknet(int width, int height, bool letter_box) {
  const Fit fit = letter_box ? Fit::kCentreTruncated : Fit::kStretch;
  return {fit, width, height, 127.5f, ChannelOrder::kRgb, 255};
}

Preprocess Preprocess::yolox(int width, int height) {
  return {Fit::kTopLeft, width, height, 114, ChannelOrder::kBgr, 1};
}

Placement place(const Preprocess& p, int picture_width, int picture_height) {
  assert(p.width > 0 && p.height > 0 && picture_width > 0 && picture_height > 0);
  Placement out;
  out.picture_width = picture_width;
  out.picture_height = picture_height;
  switch (p.fit) {
    case Fit::kCentre:
      place_centre(p, picture_width, picture_height, out);
      break;
    case Fit::kCentreTruncated:
      place_centre_truncated(p, picture_width, picture_height, out);
      break;
    case Fit::kTopLeft:
      place_top_left(p, picture_width, picture_height, out);
      break;
    case Fit::kStretch:
      place_stretch(p, picture_width, picture_height, out);
      break;
  }
  return out;
}

Box Placement::to_picture(const Box& box) const {
  const auto x = [&](float v) { return static_cast<float>((v - pad_x) / scale_x); };
  const auto y = [&](float v) { return static_cast<float>((v - pad_y) / scale_y); };
  return clip({x(box.x1), y(box.y1), x(box.x2), y(box.y2)}, static_cast<float>(picture_width),
              static_cast<float>(picture_height));
}

Placement fill_input(const Image& picture, const Preprocess& preprocess, TensorLayout layout,
                     float* out) {
  const Placement placement = place(preprocess, picture.width(), picture.height());
  ResizedRows rows(picture, placement.width, placement.height);
  InputWriter writer(preprocess, placement, layout, out);
  const int bottom = placement.top + placement.height;
  for (int y = 0; y < preprocess.height; ++y) {
    if (y < placement.top || y >= bottom)
      writer.pad_row(y);
    else
      writer.pixel_row(y, rows.row(y - placement.top));
  }
  return placement;
}

Placement fill_input_bytes(const Image& picture, const Preprocess& preprocess, uint8_t* out) {
  const Placement placement = place(preprocess, picture.width(), picture.height());
  ResizedRows rows(picture, placement.width, placement.height);
  const auto bytes = [](int pixels) { return static_cast<size_t>(pixels) * kImageChannels; };
  const auto fill = static_cast<uint8_t>(round_half_even(preprocess.fill));
  std::fill_n(out, static_cast<size_t>(preprocess.height) * bytes(preprocess.width), fill);
  out += static_cast<size_t>(placement.top) * bytes(preprocess.width) + bytes(placement.left);
  for (int y = 0; y < placement.height; ++y, out += bytes(preprocess.width)) {
    if (preprocess.order == ChannelOrder::kBgr) {
      swap_channels(rows.row(y), bytes(placement.width), out);
    } else {
      std::memcpy(out, rows.row(y), bytes(placement.width));
    }
  }
  return placement;
}

Image letterbox(const Image& picture, const Preprocess& preprocess) {
  Preprocess rgb = preprocess;
  rgb.order = ChannelOrder::kRgb;
  Image out(preprocess.width, preprocess.height);
  fill_input_bytes(picture, rgb, out.bytes().data());
  return out;
}

}  // namespace shrike
