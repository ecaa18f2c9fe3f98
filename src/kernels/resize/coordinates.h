// Where an output row or column of a resize comes from (resize.h has the formulas).
#pragma once

#include "kernels/resize/resize.h"

namespace shrike::kernels {

struct ResizeAxis {
  ResizeCoordinate coordinate;
  NearestRounding rounding;
  int64_t in, out;
  float scale;

  // In float, as ONNX Runtime has it: where a coordinate falls on a boundary, rounding decides.
  float source(int64_t position) const;

  // Rounded and clamped into the map.
  int64_t nearest(int64_t position) const;

  struct Blend {
    int64_t low, high;
    float weight;  // of `high`
  };
  Blend linear(int64_t position) const;
};

ResizeAxis vertical_axis(const ResizeProblem& problem);
ResizeAxis horizontal_axis(const ResizeProblem& problem);

}  // namespace shrike::kernels
