#include "formats/names_literal.h"

#include <charconv>
#include <optional>

#include "base/file.h"
#include "formats/literal.h"

namespace shrike {

namespace {

// Entries as they come; ids of a list count up.
struct Entry {
  int64_t id;
  std::string name;
};

Result<std::vector<Entry>> parse_entries(LiteralParser& in) {
  const bool is_dict = in.skip('{');
  if (!is_dict && !in.skip('[')) return in.fail("expected { or [");
  const char closing = is_dict ? '}' : ']';
  std::vector<Entry> entries;
  while (!in.skip(closing)) {
    if (!entries.empty() && !in.skip(',')) return in.fail("expected a comma");
    if (in.skip(closing)) break;  // a comma at the end, as Python allows
    if (entries.size() == kMaxClasses) return in.fail("too many names");
    Entry entry{static_cast<int64_t>(entries.size()), {}};
    if (is_dict) {
      SHRIKE_ASSIGN(entry.id, in.key());
      if (!in.skip(':')) return in.fail("expected a colon");
    }
    SHRIKE_ASSIGN(entry.name, in.string());
    entries.push_back(std::move(entry));
  }
  if (!in.at_end()) return in.fail("more text after the names");
  return entries;
}

// Characters that a repr escapes; the quotes are left alone here.
std::string escaped(std::string_view text, char quote) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == quote)
      out += {'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> parse_names(std::string_view literal) {
  LiteralParser in(literal, "names");
  SHRIKE_ASSIGN(std::vector<Entry> entries, parse_entries(in));
  std::vector<std::string> names(entries.size());
  std::vector<bool> seen(entries.size(), false);
  for (Entry& entry : entries) {
    if (entry.id < 0 || entry.id >= static_cast<int64_t>(names.size()))
      return model_error("names: id " + std::to_string(entry.id) + " where " +
                         std::to_string(names.size()) + " names need 0 to " +
                         std::to_string(static_cast<int64_t>(names.size()) - 1));
    const auto id = static_cast<size_t>(entry.id);
    if (seen[id]) return model_error("names: id " + std::to_string(entry.id) + " comes twice");
    seen[id] = true;
    names[id] = std::move(entry.name);
  }
  return names;
}

std::string write_names(const std::vector<std::string>& names) {
  std::string out = "{";
  for (size_t i = 0; i < names.size(); ++i) {
    // Python prefers single quotes, unless the text has some and no double ones.
    const bool prefer_double =
        names[i].find('\'') != std::string::npos && names[i].find('"') == std::string::npos;
    const char quote = prefer_double ? '"' : '\'';
    if (i > 0) out += ", ";
    out += std::to_string(i) + ": " + quote + escaped(names[i], quote) + quote;
  }
  return out + "}";
}

Result<ImageSize> parse_image_size(std::string_view literal) {
  LiteralParser in(literal, "imgsz");
  SHRIKE_ASSIGN(const std::vector<int64_t> sizes, in.integers(2));
  for (const int64_t size : sizes)
    if (size < 1 || size > kMaxImageSide)
      return in.fail("sizes are 1 to " + std::to_string(kMaxImageSide));
  return ImageSize{sizes.front(), sizes.back()};
}

std::string write_image_size(ImageSize size) {
  std::string out = "[";
  out += std::to_string(size.height) + ", " + std::to_string(size.width) + "]";
  return out;
}

Result<int64_t> parse_stride(std::string_view literal) {
  LiteralParser in(literal, "stride");
  SHRIKE_ASSIGN(const std::vector<int64_t> strides, in.integers(16));
  int64_t largest = 0;
  for (const int64_t stride : strides) {
    if (stride < 1 || stride > 4096) return in.fail("strides are 1 to 4096");
    largest = std::max(largest, stride);
  }
  return largest;
}

Result<std::vector<std::string>> read_names_file(const std::filesystem::path& path) {
  constexpr size_t kMostBytes = size_t{16} << 20;
  SHRIKE_ASSIGN(const std::string text, read_text(path, ErrorKind::kInput, kMostBytes));
  const auto fail = [&](const std::string& why) {
    return input_error("cannot read names from " + path.string() + ": " + why);
  };
  if (text.find('\0') != std::string::npos) return fail("not a text file");
  std::vector<std::string> names;
  size_t blank = 0;  // lines seen since the last name
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
      line.remove_suffix(1);
    if (line.empty()) {
      ++blank;
      continue;
    }
    if (blank > 0) return fail("line " + std::to_string(names.size() + 1) + " is blank");
    if (names.size() == kMaxClasses) return fail("too many names");
    names.emplace_back(line);
  }
  if (names.empty()) return fail("it holds no names");
  return names;
}

}  // namespace shrike
