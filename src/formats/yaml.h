// YAML: the part of it that settings files need. yaml-cpp stops here.
//
// One document of maps, lists and scalars (https://yaml.org/spec/1.2.2). Refused, with the line:
// text over 1 MB or not UTF-8, more than 32 levels or 100,000 values, anchors, aliases and merge
// keys (a few lines of them can stand for gigabytes), tags, keys that are no plain text, and keys
// given twice. The limits act on the parser's events, before there is a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shrike {

inline constexpr size_t kMaxYamlBytes = 1'000'000;

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  int line = 0;                   // from 1
  std::string scalar;             // kScalar: its text; what it means is the reader's to say
  std::vector<YamlNode> items;    // of a list, or the values of a map
  std::vector<std::string> keys;  // of a map, one for each of items

  // The value behind `key`; null where there is none, or this is no map.
  const YamlNode* find(std::string_view key) const;
};

// Errors (kInput) name `source` and the line. Text without a value is a kNull.
Result<YamlNode> parse_yaml(std::string_view text, const std::string& source);

}  // namespace shrike
