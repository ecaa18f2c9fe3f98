#include "vision/utf8.h"

#include <cstdint>

#include "base/utf8.h"

namespace shrike {

namespace {

// Of the well-formed character that is all of `text`.
uint32_t code_point(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (text.size() == 1) return first;
  uint32_t code = first & (0x7F >> text.size());
  for (const char c : text.substr(1)) code = code << 6 | (static_cast<uint8_t>(c) & 0x3F);
  return code;
}

// Set aside by Unicode for no character ever: U+FDD0 to U+FDEF and the last two of each plane.
bool is_noncharacter(uint32_t code) {
  return (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE;
}

// Of the well-formed character that is all of `text`.
bool is_printable(std::string_view text) {
  return control_character_bytes(text) == 0 && !is_noncharacter(code_point(text));
}

}  // namespace

std::string to_printable_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t count = utf8_character_bytes(text);
    if (count > 0 && is_printable(text.substr(0, count)))
      out += text.substr(0, count);
    else
      out += '?';
    text.remove_prefix(count == 0 ? 1 : count);
  }
  return out;
}

std::string xml_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : to_printable_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace shrike
