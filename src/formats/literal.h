// A parser of the few Python and JSON literals that model metadata uses: strings, integers, lists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shrike {

class LiteralParser {
 public:
  // `what` names the literal in errors; the text must outlive the parser.
  LiteralParser(std::string_view text, std::string what) : text_(text), what_(std::move(what)) {}

  // Takes the character after blanks if it is next.
  bool skip(char wanted);
  bool at_end();

  // A string in single or double quotes with Python's escapes (JSON's are among them).
  Result<std::string> string();
  // An integer, bare or (a JSON key) as a string.
  Result<int64_t> key();
  // One integer, or 1..most of them in brackets or parentheses.
  Result<std::vector<int64_t>> integers(size_t most);

  // "names: why, at character 12"
  Error fail(const std::string& why) const;

 private:
  void skip_blanks();
  bool next_is(char wanted);
  Result<int64_t> integer();
  Result<uint32_t> hex(int digits);
  Result<void> escape(std::string& out);
  Result<void> code_point(int digits, std::string& out);

  std::string_view text_;
  std::string what_;
  size_t at_ = 0;
};

}  // namespace shrike
