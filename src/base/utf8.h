// UTF-8 (RFC 3629): what is well-formed.
#pragma once

#include <cstddef>
#include <string_view>

namespace shrike {

// Bytes of the well-formed character at the start of `text`, 1 to 4; 0 where there is none.
// Requires text.
size_t utf8_character_bytes(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace shrike
