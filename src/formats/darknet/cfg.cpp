#include "formats/darknet/cfg.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/excerpt.h"

namespace shrike::darknet {

namespace {

// Without blanks anywhere and without a comment behind, as Darknet compares options.
std::string squeezed(std::string_view line) {
  std::string out;
  for (const char c : line) {
    if (c == '#' || c == ';') break;
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out += c;
  }
  return out;
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>)
    if (!std::isfinite(value)) return std::nullopt;
  return value;
}

template <typename T>
Result<std::vector<T>> parse_list(const Section& section, std::string_view key) {
  std::vector<T> out;
  const std::string* text = section.find(key);
  if (!text) return out;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::optional<T> value = parse_number<T>(rest.substr(0, comma));
    if (!value)
      return section.fail("option " + std::string(key) + "=" + excerpt(*text) +
                          " is no list of numbers");
    out.push_back(*value);
    // A comma at the end does no harm.
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return out;
}

}  // namespace

const std::string* Section::find(std::string_view key) const {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const Option& option) { return option.key == key; });
  return found == options.end() ? nullptr : &found->value;
}

Result<int64_t> Section::integer(std::string_view key, int64_t fallback) const {
  const std::string* text = find(key);
  if (!text) return fallback;
  const std::optional<int64_t> value = parse_number<int64_t>(*text);
  if (!value)
    return fail("option " + std::string(key) + "=" + excerpt(*text) + " is no whole number");
  return *value;
}

Result<int64_t> Section::integer(std::string_view key, int64_t fallback, int64_t least,
                                 int64_t most) const {
  SHRIKE_ASSIGN(const int64_t value, integer(key, fallback));
  if (value >= least && value <= most) return value;
  return fail("option " + std::string(key) + "=" + std::to_string(value) + " is not in " +
              std::to_string(least) + ".." + std::to_string(most));
}

Result<float> Section::real(std::string_view key, float fallback) const {
  const std::string* text = find(key);
  if (!text) return fallback;
  const std::optional<float> value = parse_number<float>(*text);
  if (!value) return fail("option " + std::string(key) + "=" + excerpt(*text) + " is no number");
  return *value;
}

std::string_view Section::text(std::string_view key, std::string_view fallback) const {
  const std::string* text = find(key);
  return text ? std::string_view(*text) : fallback;
}

Result<std::vector<int64_t>> Section::integers(std::string_view key) const {
  return parse_list<int64_t>(*this, key);
}

Result<std::vector<float>> Section::reals(std::string_view key) const {
  return parse_list<float>(*this, key);
}

Error Section::fail(const std::string& why) const {
  const std::string place = layer >= 0 ? "layer " + std::to_string(layer) + ", " : "";
  return model_error("[" + excerpt(name) + "] (" + place + "line " + std::to_string(line) +
                     "): " + why);
}

Result<std::vector<Section>> parse_cfg(std::string_view text, const std::string& source) {
  std::vector<Section> sections;
  int line_number = 0;
  const auto fail = [&](const std::string& why) {
    return model_error("cannot read " + source + ": line " + std::to_string(line_number) + ": " +
                       why);
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string line = squeezed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line_number;
    if (line.empty()) continue;
    if (line[0] == '[') {
      if (line.back() != ']') return fail("a section without ]");
      const int layer = static_cast<int>(sections.size()) - 1;
      sections.push_back({line.substr(1, line.size() - 2), line_number, layer, {}});
      continue;
    }
    const size_t equals = line.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail("neither [section] nor option=value");
    if (sections.empty()) return fail("an option before the first section");
    sections.back().options.push_back({line.substr(0, equals), line.substr(equals + 1)});
  }
  if (sections.empty() || (sections[0].name != "net" && sections[0].name != "network"))
    return model_error("cannot read " + source + ": it does not start with a [net] section");
  return sections;
}

}  // namespace shrike::darknet
