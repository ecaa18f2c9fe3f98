// The name somebody meant when they mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shrike {

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`, case ignored.
int edit_distance(std::string_view a, std::string_view b);

// The nearest of `names`, the first of equals; empty when none is near enough to be meant (more
// than a third of the letters differ).
std::string nearest_name(std::string_view word, std::span<const std::string> names);

// "; did you mean NAME?", or nothing.
std::string suggestion(std::string_view word, std::span<const std::string> names);

}  // namespace shrike
