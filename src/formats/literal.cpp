#include "formats/literal.h"

#include <charconv>

namespace shrike {

namespace {

void append_utf8(uint32_t code, std::string& out) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// The character that an escape of one letter stands for; 0 when it is none.
char simple_escape(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'a':
      return '\a';
    case 'v':
      return '\v';
    case '\\':
    case '\'':
    case '"':
    case '/':
      return letter;
    default:
      return 0;
  }
}

}  // namespace

void LiteralParser::skip_blanks() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
    ++at_;
}

bool LiteralParser::next_is(char wanted) {
  skip_blanks();
  return at_ < text_.size() && text_[at_] == wanted;
}

bool LiteralParser::skip(char wanted) {
  if (!next_is(wanted)) return false;
  ++at_;
  return true;
}

bool LiteralParser::at_end() {
  skip_blanks();
  return at_ == text_.size();
}

Result<uint32_t> LiteralParser::hex(int digits) {
  const std::string_view part = text_.substr(at_, static_cast<size_t>(digits));
  uint32_t code = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), code, 16);
  if (error != std::errc{} || part.size() != static_cast<size_t>(digits) ||
      end != part.data() + part.size())
    return fail("bad escape");
  at_ += static_cast<size_t>(digits);
  return code;
}

Result<void> LiteralParser::code_point(int digits, std::string& out) {
  SHRIKE_ASSIGN(uint32_t code, hex(digits));
  // JSON writes what is past U+FFFF as two halves.
  if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
    at_ += 2;
    SHRIKE_ASSIGN(const uint32_t low, hex(4));
    if (low < 0xDC00 || low > 0xDFFF) return fail("bad escape");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return fail("bad escape");
  append_utf8(code, out);
  return {};
}

Result<void> LiteralParser::escape(std::string& out) {
  if (at_ == text_.size()) return fail("the string does not end");
  const char letter = text_[at_++];
  if (letter == 'x') return code_point(2, out);
  if (letter == 'u') return code_point(4, out);
  if (letter == 'U') return code_point(8, out);
  const char simple = simple_escape(letter);
  if (simple == 0) return fail("bad escape");
  out += simple;
  return {};
}

Result<std::string> LiteralParser::string() {
  if (!next_is('\'') && !next_is('"')) return fail("expected a string");
  const char quote = text_[at_++];
  std::string out;
  while (at_ < text_.size() && text_[at_] != quote) {
    const char c = text_[at_++];
    if (c == '\\')
      SHRIKE_TRY(escape(out));
    else if (c == '\0')
      return fail("a zero byte");
    else
      out += c;
  }
  if (at_ == text_.size()) return fail("the string does not end");
  ++at_;
  return out;
}

Result<int64_t> LiteralParser::integer() {
  skip_blanks();
  int64_t value = 0;
  const char* begin = text_.data() + at_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
  if (error != std::errc{}) return fail("expected an integer");
  at_ += static_cast<size_t>(end - begin);
  return value;
}

Result<int64_t> LiteralParser::key() {
  if (!next_is('\'') && !next_is('"')) return integer();
  const char quote = text_[at_++];
  SHRIKE_ASSIGN(const int64_t value, integer());
  if (at_ == text_.size() || text_[at_] != quote) return fail("expected an integer as key");
  ++at_;
  return value;
}

Result<std::vector<int64_t>> LiteralParser::integers(size_t most) {
  const char closing = skip('[') ? ']' : skip('(') ? ')' : '\0';
  std::vector<int64_t> out;
  do {
    if (out.size() == most) return fail("too many numbers");
    SHRIKE_ASSIGN(const int64_t value, integer());
    out.push_back(value);
  } while (closing && skip(',') && !next_is(closing));
  if (closing && !skip(closing)) return fail(std::string("expected a comma or ") + closing);
  if (!at_end()) return fail("more text behind");
  return out;
}

Error LiteralParser::fail(const std::string& why) const {
  return model_error(what_ + ": " + why + ", at character " + std::to_string(at_));
}

}  // namespace shrike
