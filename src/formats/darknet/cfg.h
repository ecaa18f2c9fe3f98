// The text format of Darknet's .cfg: [section] lines and key=value lines, as tolerant as Darknet's
// own parser: blanks anywhere, comments with # or ;, CR LF. The first of two equal keys counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shrike::darknet {

struct Option {
  std::string key;
  std::string value;
};

struct Section {
  std::string name;  // without brackets
  int line = 0;      // of the [name], from 1
  int layer = -1;    // index as route counts it; -1 for [net]
  std::vector<Option> options;

  // Null when the option is not there.
  const std::string* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }

  // The option as a number, `fallback` when it is not there. Errors name section and option.
  Result<int64_t> integer(std::string_view key, int64_t fallback) const;
  // The same, an error outside least..most.
  Result<int64_t> integer(std::string_view key, int64_t fallback, int64_t least,
                          int64_t most) const;
  Result<float> real(std::string_view key, float fallback) const;
  std::string_view text(std::string_view key, std::string_view fallback) const;

  // Comma-separated numbers; empty when the option is not there.
  Result<std::vector<int64_t>> integers(std::string_view key) const;
  Result<std::vector<float>> reals(std::string_view key) const;

  // "[maxpool] (layer 3, line 41): why"
  Error fail(const std::string& why) const;
};

// Every section in file order, the first being [net] or [network]. Errors (kModel) name `source`
// and the line.
Result<std::vector<Section>> parse_cfg(std::string_view text, const std::string& source);

}  // namespace shrike::darknet
