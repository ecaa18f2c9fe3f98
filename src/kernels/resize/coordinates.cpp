#include "kernels/resize/coordinates.h"

#include <algorithm>
#include <cmath>

namespace shrike::kernels {

float ResizeAxis::source(int64_t position) const {
  const auto at = static_cast<float>(position);
  switch (coordinate) {
    case ResizeCoordinate::kAsymmetric:
      return at / scale;
    case ResizeCoordinate::kPytorchHalfPixel:
      if (out == 1) return 0;
      return (at + 0.5f) / scale - 0.5f;
    case ResizeCoordinate::kHalfPixel:
      return (at + 0.5f) / scale - 0.5f;
    case ResizeCoordinate::kAlignCorners:
      return out == 1 ? 0 : at * static_cast<float>(in - 1) / static_cast<float>(out - 1);
  }
  return 0;
}

int64_t ResizeAxis::nearest(int64_t position) const {
  const float x = source(position);
  float rounded = std::floor(x);
  switch (rounding) {
    case NearestRounding::kFloor:
      break;
    case NearestRounding::kCeil:
      rounded = std::ceil(x);
      break;
    case NearestRounding::kRoundPreferFloor:
      rounded = std::ceil(x - 0.5f);
      break;
    case NearestRounding::kRoundPreferCeil:
      rounded = std::floor(x + 0.5f);
      break;
  }
  return std::clamp<int64_t>(static_cast<int64_t>(rounded), 0, in - 1);
}

ResizeAxis::Blend ResizeAxis::linear(int64_t position) const {
  const float x = std::clamp(source(position), 0.0f, static_cast<float>(in - 1));
  const int64_t low = std::min(static_cast<int64_t>(x), in - 1);
  return {low, std::min(low + 1, in - 1), x - static_cast<float>(low)};
}

ResizeAxis vertical_axis(const ResizeProblem& p) {
  return {p.coordinate, p.rounding, p.in_height, p.out_height, p.scale_h};
}

ResizeAxis horizontal_axis(const ResizeProblem& p) {
  return {p.coordinate, p.rounding, p.in_width, p.out_width, p.scale_w};
}

}  // namespace shrike::kernels
