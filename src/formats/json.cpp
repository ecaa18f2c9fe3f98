#include "formats/json.h"

#include <charconv>
#include <cmath>
#include <new>

#include "base/memory.h"
#include "formats/json_fault.h"
#include "formats/sorted_json.h"

namespace shrike {

namespace {

// Refuses deep nesting before the parser, which recurses when it destroys, builds it.
bool nests_too_deep(std::string_view text) {
  constexpr int kDeepest = 128;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

template <typename J>
Result<J> parse(std::string_view text, const std::string& source, ErrorKind kind) {
  if (nests_too_deep(text)) return Error{kind, source + ": JSON nested too deeply"};
  try {
    return J::parse(text);
  } catch (const std::bad_alloc&) {
    return out_of_memory("cannot read " + source);
  } catch (const typename J::exception&) {
    return Error{kind, source + ": " + json_fault(text)};
  }
}

}  // namespace

Json json_number(float value) {
  if (!std::isfinite(value)) return nullptr;
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  assert(error == std::errc{});
  double wide = 0;
  std::from_chars(text, end, wide);
  return wide;
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Result<Json> parse_json(std::string_view text, const std::string& source, ErrorKind kind) {
  return parse<Json>(text, source, kind);
}

Result<SortedJson> parse_sorted_json(std::string_view text, const std::string& source,
                                     ErrorKind kind) {
  return parse<SortedJson>(text, source, kind);
}

}  // namespace shrike
