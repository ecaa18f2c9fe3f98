// Maps that are one long row of pixels.
#pragma once

#include "kernels/conv/conv.h"

namespace shrike::kernels {

// Whether each output is made of the pixel at its place and rows follow each other without a gap in
// all maps: then it does not matter where a row ends.
inline bool is_one_row(const ConvProblem& problem, const ConvMaps& maps) {
  const auto dense = [](const auto& map) { return map.row_stride == map.width * map.pixel_stride; };
  return problem.pixel_by_pixel() && dense(maps.input) && dense(maps.output) &&
         (problem.residual == Residual::kNone || dense(maps.residual));
}

}  // namespace shrike::kernels
