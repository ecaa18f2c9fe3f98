#include "kernels/resize/coordinates.h"

#include <algorithm>
#include <cmath>

namespace shrike::kernels {

double ResizeAxis::source(int64_t position) const {
  const auto at = static_cast<double>(position);
  switch (coordinate) {
    case ResizeCoordinate::kAsymmetric:
      return at / scale;
    case ResizeCoordinate::kPytorchHalfPixel:
      if (out == 1) return 0;
      return (at + 0.5) / scale - 0.5;
    case ResizeCoordinate::kHalfPixel:
      return (at + 0.5) / scale - 0.5;
    case ResizeCoordinate::kAlignCorners:
      return out == 1 ? 0 : at * static_cast<double>(in - 1) / static_cast<double>(out - 1);
  }
  return 0;
}

int64_t ResizeAxis::nearest(int64_t position) const {
  const double x = source(position);
  double rounded = std::floor(x);
  switch (rounding) {
    case NearestRounding::kFloor:
      break;
    case NearestRounding::kCeil:
      rounded = std::ceil(x);
      break;
    case NearestRounding::kRoundPreferFloor:
      rounded = std::ceil(x - 0.5);
      break;
    case NearestRounding::kRoundPreferCeil:
      rounded = std::floor(x + 0.5);
      break;
  }
  return std::clamp<int64_t>(static_cast<int64_t>(rounded), 0, in - 1);
}

ResizeAxis::Blend ResizeAxis::linear(int64_t position) const {
  const double x = std::clamp(source(position), 0.0, static_cast<double>(in - 1));
  const auto low = static_cast<int64_t>(x);
  return {low, std::min(low + 1, in - 1), static_cast<float>(x - static_cast<double>(low))};
}

ResizeAxis vertical_axis(const ResizeProblem& p) {
  return {p.coordinate, p.rounding, p.in_height, p.out_height, p.scale_h};
}

ResizeAxis horizontal_axis(const ResizeProblem& p) {
  return {p.coordinate, p.rounding, p.in_width, p.out_width, p.scale_w};
}

}  // namespace shrike::kernels
