// Words of one line of the graph's text form. Private to ir.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dtype.h"
#include "base/tensor.h"
#include "ir/field.h"

namespace shrike {

class LineLexer {
 public:
  explicit LineLexer(std::string_view line) : rest_(line) {}

  void skip_spaces() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r'))
      rest_.remove_prefix(1);
    if (!rest_.empty() && rest_[0] == '#') rest_ = {};
  }
  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }
  char peek() {
    skip_spaces();
    return rest_.empty() ? '\0' : rest_[0];
  }
  bool accept(std::string_view token) {
    skip_spaces();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  // Letters, digits and _./:- ; empty when there are none. With `colon` false stops before ':'.
  std::string word(bool colon = true);
  std::optional<std::string> quoted();
  std::optional<std::string> value_name();  // %name or %"name"
  template <typename T>
  std::optional<T> number();
  template <typename T>
  std::optional<std::vector<T>> list();
  std::optional<std::vector<std::byte>> hex();

 private:
  std::string_view rest_;
};

template <typename T>
std::optional<T> LineLexer::number() {
  skip_spaces();
  T value{};
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (error != std::errc()) return std::nullopt;
  rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
  return value;
}

template <typename T>
std::optional<std::vector<T>> LineLexer::list() {
  if (!accept("[")) return std::nullopt;
  std::vector<T> values;
  if (accept("]")) return values;
  do {
    const std::optional<T> value = number<T>();
    if (!value) return std::nullopt;
    values.push_back(*value);
  } while (accept(","));
  if (!accept("]")) return std::nullopt;
  return values;
}

}  // namespace shrike
