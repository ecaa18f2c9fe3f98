// Damaged copies of a file.
#pragma once

#include <random>
#include <string>

namespace shrike::mutations {

// One of: bits flipped; cut short; a piece copied over another, or cut out; four bytes set to a
// number that is odd for a length. Half of them near the file's ends, where its headers are.
// Requires a file that is not empty.
std::string damaged(const std::string& whole, std::mt19937& random);

}  // namespace shrike::mutations
