#include "vision/utf8.h"

#include <cstdint>

namespace shrike {

namespace {

// Bytes of the well-formed character at the start of `text`, 0 where there is none.
size_t character_bytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < count) return 0;
  for (size_t i = 1; i < count; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Overlong forms, surrogates and what lies past U+10FFFF show in the second byte.
  const uint8_t second = byte(1);
  const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : count;
}

}  // namespace

std::string to_printable_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t count = character_bytes(text);
    const bool control = count == 1 && (static_cast<uint8_t>(text[0]) < 0x20 || text[0] == 0x7F);
    if (count == 0 || control)
      out += '?';
    else
      out += text.substr(0, count);
    text.remove_prefix(count == 0 ? 1 : count);
  }
  return out;
}

std::string xml_text(std::string_view text) {
  const std::string printable = to_printable_utf8(text);
  std::string out;
  out.reserve(printable.size());
  for (size_t i = 0; i < printable.size(); ++i) {
    const std::string_view rest = std::string_view(printable).substr(i, 3);
    if (rest == "\xEF\xBF\xBE" || rest == "\xEF\xBF\xBF") {  // U+FFFE, U+FFFF
      out += '?';
      i += 2;
      continue;
    }
    switch (printable[i]) {
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
        out += printable[i];
    }
  }
  return out;
}

}  // namespace shrike
