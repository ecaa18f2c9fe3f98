// Order statistics of measured times.
#pragma once

#include <algorithm>
#include <cassert>
#include <vector>

namespace shrike {

struct Spread {
  double min = 0, median = 0, p90 = 0;
};

// Median: the mean of the two middle values where the count is even. p90: the least value that at
// least nine tenths of the values do not exceed. Requires at least one value.
inline Spread spread_of(std::vector<double> values) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  const size_t rank = (9 * n + 9) / 10;
  return {values.front(), (values[(n - 1) / 2] + values[n / 2]) / 2, values[rank - 1]};
}

}  // namespace shrike
