// Rows divided into units of work for the thread pool.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

inline constexpr int64_t kWorthAThread = 16384;  // elements

// One unit of work, or as many for each thread.
inline int64_t shared_units(int64_t units, const ThreadPool& pool) {
  return units > 1 ? round_up(units, pool.threads()) : units;
}

// body(first, last) for groups of rows [first, last) that cover `rows` rows of `length` elements.
template <typename Body>
void for_each_group(int64_t rows, int64_t length, ThreadPool& pool, const Body& body) {
  if (length == 0) return;
  const int64_t each = std::max<int64_t>(1, kWorthAThread / length);
  const int64_t groups = std::min(rows, shared_units(divide_up(rows, each), pool));
  pool.parallel_for(groups, [&](int64_t group, int) {
    body(rows * group / groups, rows * (group + 1) / groups);
  });
}

// body(row, begin, length) for pieces that cover `rows` rows of `length` elements: short rows are
// one piece, and long ones several.
template <typename Body>
void for_each_piece(int64_t rows, int64_t length, ThreadPool& pool, const Body& body) {
  if (length <= kWorthAThread)
    return for_each_group(rows, length, pool, [&](int64_t first, int64_t last) {
      for (int64_t r = first; r < last; ++r) body(r, 0, length);
    });
  constexpr int64_t kLine = 16;
  const int64_t wanted = divide_up(length, kWorthAThread);
  const int64_t piece =
      round_up(divide_up(length, rows == 1 ? shared_units(wanted, pool) : wanted), kLine);
  const int64_t pieces = divide_up(length, piece);
  pool.parallel_for(rows * pieces, [&](int64_t unit, int) {
    const int64_t begin = unit % pieces * piece;
    body(unit / pieces, begin, std::min(piece, length - begin));
  });
}

}  // namespace shrike::kernels
