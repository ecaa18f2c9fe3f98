// What steps ask for while they run: weights of those behind them, which lie one behind the other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shrike {

// places[i]: where the weights of step i begin; the last one: where all end. Calls ask(i, next) for
// each step, where `next` are bytes behind its own weights, at most `most` from their end on, that
// no step before has taken on; ask returns whether step i takes them on. Not called for no bytes.
template <typename Ask>
void share_ahead(std::span<std::byte* const> places, int64_t most, const Ask& ask) {
  const std::byte* const end = places.back();
  const std::byte* taken = places.front();
  for (size_t i = 0; i + 1 < places.size(); ++i) {
    const std::byte* const own_end = places[i + 1];
    const std::byte* const first = std::max(taken, own_end);
    const std::byte* const last = own_end + std::min<int64_t>(most, end - own_end);
    if (first < last && ask(i, std::span(first, last))) taken = last;
  }
}

}  // namespace shrike
