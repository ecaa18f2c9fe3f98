// Rows divided into units of work for the thread pool.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

// body(row, begin, length) for pieces that cover `rows` rows of `length` elements; a unit of work
// is a piece of a long row, or several short ones.
template <typename Body>
void for_each_piece(int64_t rows, int64_t length, ThreadPool& pool, const Body& body) {
  constexpr int64_t kUnit = 16384;
  if (length == 0) return;
  const int64_t pieces = divide_up(length, kUnit);
  const int64_t rows_each = std::max<int64_t>(1, kUnit / length);
  pool.parallel_for(pieces * divide_up(rows, rows_each), [&](int64_t unit, int) {
    const int64_t begin = unit % pieces * kUnit;
    const int64_t first = unit / pieces * rows_each;
    for (int64_t r = first; r < std::min(rows, first + rows_each); ++r)
      body(r, begin, std::min(kUnit, length - begin));
  });
}

}  // namespace shrike::kernels
