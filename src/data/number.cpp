#include "data/number.h"

#include <charconv>
#include <cmath>

namespace shrike {

std::optional<long double> parse_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  long double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<long long> parse_whole(std::string_view text) {
  const auto value = parse_number(text);
  constexpr long double kMost = 9.2e18L;
  if (!value || *value != std::trunc(*value) || std::abs(*value) > kMost) return std::nullopt;
  return static_cast<long long>(*value);
}

std::string number_text(long double value) {
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc{} ? std::string(text, end) : std::string("0");
}

}  // namespace shrike
