// Values of options that are more than a number.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/detector.h"

namespace shrike {

// "640" -> {640, 640}; "480,640", "480x640" and "[480, 640]" -> height 480, width 640.
// Errors (kUsage): no numbers, sides outside 1..kMaxSide (detect/detector.h).
Result<std::array<int, 2>> parse_size(std::string_view text);

// "4096", "512M", "8GiB" -> bytes, units of 1024, whatever the case. Errors (kUsage): no whole
// number, none over 0, no such unit, over 64 bits.
Result<uint64_t> parse_bytes(std::string_view text);

// "0,2,person, traffic light" -> indices into `names`, sorted, each once. Numbers are indices;
// names are compared without case. Errors (kUsage) name the class and suggest the nearest name.
Result<std::vector<int>> parse_classes(std::string_view text,
                                       const std::vector<std::string>& names);

// "a,b" -> a and b; nothing of an empty text.
std::vector<std::string> split_list(std::string_view text);

// The value of the row that has the name `text`. Errors (kUsage) list the names.
template <typename Row, size_t n>
Result<decltype(Row::value)> parse_choice(std::string_view option, std::string_view text,
                                          const Row (&rows)[n]) {
  std::string known;
  for (const Row& row : rows) {
    if (row.name == text) return row.value;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  return usage_error(std::string(option) + " " + std::string(text) + ": not one of " + known);
}

}  // namespace shrike
