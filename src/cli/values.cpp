#include "cli/values.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/excerpt.h"
#include "cli/nearest.h"

namespace shrike {

namespace {

constexpr std::string_view kByteUnits = "KMGT";  // each 1024 times the one before

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<int> class_index(std::string_view word, const std::vector<std::string>& names) {
  if (const std::optional<int> index = whole_number(word)) {
    if (*index >= 0 && *index < static_cast<int>(names.size())) return *index;
    return usage_error("--classes " + std::string(word) + ": the model's classes are 0 to " +
                       std::to_string(static_cast<int>(names.size()) - 1));
  }
  for (size_t i = 0; i < names.size(); ++i)
    if (edit_distance(word, names[i]) == 0) return static_cast<int>(i);
  return usage_error("--classes: the model has no class \"" + std::string(word) + "\"" +
                     suggestion(word, names));
}

}  // namespace

Result<std::array<int, 2>> parse_size(std::string_view text) {
  const Error wrong = usage_error("--imgsz " + std::string(text) +
                                  ": expected a side like 640, or height and width like 480,640");
  std::string_view inner = trimmed(text);
  if (inner.starts_with('[') && inner.ends_with(']') && inner.size() > 1)
    inner = inner.substr(1, inner.size() - 2);
  const size_t separator = inner.find_first_of(",xX");
  const std::optional<int> height = whole_number(trimmed(inner.substr(0, separator)));
  const std::optional<int> width = separator == std::string_view::npos
                                       ? height
                                       : whole_number(trimmed(inner.substr(separator + 1)));
  if (!height || !width) return wrong;
  if (std::min(*height, *width) < 1 || std::max(*height, *width) > kMaxSide)
    return usage_error("--imgsz " + std::string(text) + ": sides go from 1 to " +
                       std::to_string(kMaxSide));
  return std::array{*height, *width};
}

Result<uint64_t> parse_bytes(std::string_view text) {
  uint64_t bytes = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, bytes);
  if (error == std::errc::invalid_argument)
    return usage_error(in_quotes(text) + " is no number of bytes, as 512M or 8G");
  std::string unit(stop, end);
  for (char& c : unit) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  int shift = 0;
  if (!unit.empty() && unit != "B") {
    const size_t power = kByteUnits.find(unit[0]);
    const std::string rest = unit.substr(1);
    if (power == std::string_view::npos || (!rest.empty() && rest != "B" && rest != "IB"))
      return usage_error("the unit of " + in_quotes(text) + " is none of K, M, G, T");
    shift = 10 * (static_cast<int>(power) + 1);
  }
  if (error != std::errc() || bytes > UINT64_MAX >> shift)
    return usage_error(in_quotes(text) + " is over 64 bits");
  if (bytes == 0) return usage_error(in_quotes(text) + " is no memory at all");
  return bytes << shift;
}

Result<std::vector<int>> parse_classes(std::string_view text,
                                       const std::vector<std::string>& names) {
  std::vector<int> classes;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    const std::string_view word = trimmed(text.substr(start, comma - start));
    SHRIKE_ASSIGN(const int index, class_index(word, names));
    classes.push_back(index);
    start = comma + 1;
  }
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  return classes;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    items.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

}  // namespace shrike
