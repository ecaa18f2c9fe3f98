// The public options as the private detector takes them, checked.
#pragma once

#include <shrike/shrike.h>

#include "base/result.h"
#include "detect/detector.h"

namespace shrike {

// Errors are of kUsage and name the field.
Result<LoadOptions> checked(const v0::LoadOptions& options);
Result<DetectOptions> checked(const v0::DetectOptions& options, size_t classes);

}  // namespace shrike
