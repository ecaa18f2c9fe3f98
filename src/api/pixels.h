// A caller's pixels as a picture of our own.
#pragma once

#include <shrike/shrike.h>

#include "base/result.h"
#include "vision/image.h"

namespace shrike {

// A copy, in RGB. Errors (kUsage): no data, no size or one over the limit of decoded pictures, no
// format, rows that overlap.
Result<Image> to_image(const v0::Pixels& pixels);

}  // namespace shrike
