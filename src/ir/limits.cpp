#include "ir/limits.h"

namespace shrike {

bool within_limits(const Shape& shape) {
  if (shape.rank() > kMostAxes) return false;
  Shape known = shape;
  for (int axis = 0; axis < known.rank(); ++axis)
    if (known[axis] == kDynamic) known[axis] = 1;
  return known.element_count().has_value();
}

std::string describe(const Shape& shape) {
  return shape.rank() > kMostAxes ? std::to_string(shape.rank()) + " axes" : to_string(shape);
}

}  // namespace shrike
