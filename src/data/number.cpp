#include "data/number.h"

#include <cassert>
#include <charconv>
#include <cmath>

namespace shrike {

namespace {

template <typename Number>
std::string shortest_text(Number value) {
  char text[64];
  // "100000", not "1e+05": other programs read whole pixels as whole numbers.
  const Number size = std::abs(value);
  const bool plain = size == 0 || (size >= Number{1e-6} && size < Number{1e18});
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  assert(error == std::errc{});
  return std::string(text, end);
}

}  // namespace

std::optional<long double> parse_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  // Of "inf" and "nan" the libstdc++ of GCC 12 looks for a NUL behind the text.
  const size_t sign = text.starts_with('-') ? 1 : 0;
  if (text.find_first_of("0123456789.", sign) != sign) return std::nullopt;
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

std::string number_text(long double value) { return shortest_text(value); }
std::string number_text(double value) { return shortest_text(value); }

}  // namespace shrike
