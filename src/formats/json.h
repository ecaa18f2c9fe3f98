// JSON: the only place that includes nlohmann-json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shrike {

using Json = nlohmann::ordered_json;  // objects keep the order their keys were put in

// A float as the shortest number that reads back as the same float (0.83, not 0.829999983);
// null when it is not finite, which JSON cannot say.
Json json_number(float value);

// One line; `indent` >= 0: pretty, that many blanks a level. Bytes that are no UTF-8 (file names)
// become U+FFFD.
std::string dump_json(const Json& value, int indent = -1);

// Errors name `source` and where the text goes wrong. Refuses nesting deeper than 128.
Result<Json> parse_json(std::string_view text, const std::string& source,
                        ErrorKind kind = ErrorKind::kInput);

}  // namespace shrike
