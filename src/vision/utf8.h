// Text from files made safe for libraries and formats that insist on UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace shrike {

// The text with every byte that is not part of well-formed UTF-8 (RFC 3629), every control
// character and every noncharacter (U+FFFE and the like, which Cairo and XML refuse) replaced by
// '?'.
std::string to_printable_utf8(std::string_view text);

// The text for the inside of an XML or HTML element or of a quoted attribute: printable, and
// & < > " ' as references.
std::string xml_text(std::string_view text);

}  // namespace shrike
