// JSON whose objects have very many members, from files that nobody vouches for: members are sorted
// by name, so that finding one, and reading all, takes no time that grows with their square.
#pragma once

#include "formats/json.h"

namespace shrike {

using SortedJson = nlohmann::json;

// Errors as parse_json's. Of members with one name the last one counts.
Result<SortedJson> parse_sorted_json(std::string_view text, const std::string& source,
                                     ErrorKind kind = ErrorKind::kInput);

}  // namespace shrike
