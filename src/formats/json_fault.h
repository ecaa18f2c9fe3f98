// What is wrong with a text that is no JSON, in the words of this project. Private to formats.
#pragma once

#include <string>
#include <string_view>

#include "formats/json.h"

namespace shrike {

// "not valid JSON: at byte 12 of line 3", where nlohmann-json came to `error` when it had read
// `position` bytes of the text.
std::string json_fault(std::string_view text, size_t position,
                       const nlohmann::detail::exception& error);

// The same of a text that Json::parse() refuses.
std::string json_fault(std::string_view text);

}  // namespace shrike
