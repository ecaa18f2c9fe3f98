// The order of TopK, also that of the end-to-end heads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shrike::reference {

// order = the indices of the `count` largest (or smallest) values, those first; equal values in the
// order of their indices; NaN counts as the largest. Requires count <= values.size().
// T is float, double or int64_t.
template <typename T>
void select_top(std::span<const T> values, size_t count, bool largest, std::vector<int64_t>& order);

}  // namespace shrike::reference
