// Text from outside (a file, a command line) as it goes into messages and lines of output.
//
// A name in a file may be of any length and hold line feeds or what a terminal obeys. Every message
// that repeats such text does it by in_quotes() or excerpt(), so that no file decides how long it
// gets.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace shrike {

// Of the excerpt of a longer text its first and last bytes are kept, and how many lie between.
inline constexpr size_t kExcerptHead = 160, kExcerptTail = 80;

// The whole text on one line: control characters (those of U+0080 to U+009F in UTF-8, too) as \n,
// \r, \t or \x1b; all other bytes as they are.
std::string printable(std::string_view text);

// printable(), of more than kExcerptHead + kExcerptTail bytes "begin...(99760 bytes)...end"; no
// character of UTF-8 is cut in two.
std::string excerpt(std::string_view text);

// 'excerpt'
std::string in_quotes(std::string_view text);

// printable() as long as a path can be (PATH_MAX), its excerpt beyond that.
std::string shown_path(const std::filesystem::path& path);

}  // namespace shrike
