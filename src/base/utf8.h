// UTF-8 (RFC 3629): what is well-formed, what controls.
#pragma once

#include <cstddef>
#include <string_view>

namespace shrike {

// Bytes of the well-formed character at the start of `text`, 1 to 4; 0 where there is none.
// Requires text.
size_t utf8_character_bytes(std::string_view text);

bool is_utf8(std::string_view text);

// Bytes of the control character at the start of `text`: 1 below U+0020 and for U+007F, 2 for
// U+0080 to U+009F, of which terminals take U+009B as Escape and "["; 0 where there is none.
// Requires text.
size_t control_character_bytes(std::string_view text);

}  // namespace shrike
