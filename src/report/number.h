// Numbers as people and files read them: a point in every locale, "-" where there is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace shrike {

inline constexpr const char* kNoNumber = "-";

// "0.512" for 3 digits; "-" for none and for what is not finite; never "-0.000".
std::string fixed(std::optional<double> value, int digits);

// With its sign, "+0.012".
std::string signed_fixed(std::optional<double> value, int digits);

// The shortest text that reads back as the same double; empty for none and for what is not finite.
std::string exact(std::optional<double> value);

// "36,335"
std::string grouped(uint64_t value);

}  // namespace shrike
