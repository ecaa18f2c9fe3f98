// Sights as JSON, bit for bit: to be kept in files, or sent to another process.
#pragma once

#include <optional>

#include "formats/json.h"
#include "validate/viewer.h"

namespace shrike {

Json to_json(const Sight& sight);

// Nothing where it is no sight of that sample, or has classes outside 0..classes - 1.
std::optional<Sight> sight_of(const Json& json, size_t sample, int classes);

}  // namespace shrike
