// Which objects are left of a picture that was bent and cut.
#pragma once

#include "augment/matrix.h"

namespace shrike {

// The rules of Ultralytics 8.4 for boxes (ultralytics/data/augment.py, box_candidates).
inline constexpr double kLeastSide = 2;       // pixels of the output, more than
inline constexpr double kLeastVisible = 0.1;  // of its area, more than
inline constexpr double kMostAspect = 100;    // the longer side by the shorter, less than

// `after`: what is seen of the object in the output. `area`: that of the box before it was bent and
// cut, times the area that a pixel became.
bool is_kept(double area, const Rect& after);

}  // namespace shrike
