// Bounds on every shape, whoever states it: a file, a rule, a text. No model comes near them, and
// under them a sum of extents, or an extent times a bounded attribute, cannot overflow.
#pragma once

#include <string>

#include "base/shape.h"

namespace shrike {

inline constexpr int kMostAxes = 16;
inline constexpr int64_t kLongestExtent = int64_t{1} << 48;

// At most kMostAxes, and a product of the known extents that Shape::element_count() gives (up to
// 2^48); no extent is negative but kDynamic.
bool within_limits(const Shape& shape);

// The shape for a message: of a shape with too many axes their number alone.
std::string describe(const Shape& shape);

}  // namespace shrike
