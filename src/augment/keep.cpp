#include "augment/keep.h"

#include <algorithm>

namespace shrike {

bool is_kept(double area, const Rect& after) {
  const double longer = std::max(after.width(), after.height());
  const double shorter = std::min(after.width(), after.height());
  return shorter > kLeastSide && after.area() > kLeastVisible * area &&
         longer < kMostAspect * shorter;
}

}  // namespace shrike
