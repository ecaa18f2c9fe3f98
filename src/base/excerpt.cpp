#include "base/excerpt.h"

#include <climits>
#include <cstdint>

#include "base/utf8.h"

namespace shrike {

namespace {

// The character at `at` begins before it: it is a continuation byte of UTF-8.
bool inside_character(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80;
}

std::string escaped(char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (byte) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default: {
      const auto code = static_cast<uint8_t>(byte);
      return {'\\', 'x', kDigits[code >> 4], kDigits[code & 15]};
    }
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t control = control_character_bytes(text);
    if (control == 0) out += text[0];
    for (size_t i = 0; i < control; ++i) out += escaped(text[i]);
    text.remove_prefix(control == 0 ? 1 : control);
  }
  return out;
}

std::string excerpt(std::string_view text) {
  if (text.size() <= kExcerptHead + kExcerptTail) return printable(text);
  // A character of UTF-8 has at most three such bytes; what has more is no UTF-8.
  size_t head = kExcerptHead, tail = text.size() - kExcerptTail;
  for (int i = 0; i < 3 && inside_character(text, head); ++i) --head;
  for (int i = 0; i < 3 && inside_character(text, tail); ++i) ++tail;
  return printable(text.substr(0, head)) + "...(" + std::to_string(tail - head) + " bytes)..." +
         printable(text.substr(tail));
}

std::string in_quotes(std::string_view text) { return "'" + excerpt(text) + "'"; }

std::string shown_path(const std::filesystem::path& path) {
  const std::string& text = path.native();
  return text.size() < PATH_MAX ? printable(text) : excerpt(text);
}

}  // namespace shrike
