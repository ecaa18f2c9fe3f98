#include "report/number.h"

#include <cassert>
#include <charconv>
#include <cmath>

namespace shrike {

namespace {

constexpr int kMostDigits = 17;
constexpr size_t kLongest = 340;  // of a double in fixed notation with kMostDigits

bool is_number(const std::optional<double>& value) { return value && std::isfinite(*value); }

}  // namespace

std::string fixed(std::optional<double> value, int digits) {
  assert(digits >= 0 && digits <= kMostDigits);
  if (!is_number(value)) return kNoNumber;
  char text[kLongest];
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, *value, std::chars_format::fixed, digits);
  assert(error == std::errc{});
  const std::string out(text, end);
  const bool zero = out.find_first_not_of("-0.") == std::string::npos;
  return zero && out[0] == '-' ? out.substr(1) : out;
}

std::string signed_fixed(std::optional<double> value, int digits) {
  const std::string text = fixed(value, digits);
  return is_number(value) && text[0] != '-' ? "+" + text : text;
}

std::string exact(std::optional<double> value) {
  if (!is_number(value)) return "";
  char text[kLongest];
  const auto [end, error] = std::to_chars(text, text + sizeof text, *value);
  assert(error == std::errc{});
  return {text, end};
}

std::string grouped(uint64_t value) {
  std::string out = std::to_string(value);
  for (size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
  return out;
}

}  // namespace shrike
