#include "engine/placed_blocks.h"

#include <bit>

namespace shrike {

PlacedBlocks::PlacedBlocks(int steps)
    : leaves_(std::bit_ceil(static_cast<size_t>(steps))), covering_(2 * leaves_) {}

void PlacedBlocks::add(const Lifetime& life, Block block) {
  by_first_step_.emplace(life.first, block);
  size_t left = static_cast<size_t>(life.first) + leaves_;
  size_t right = static_cast<size_t>(life.last) + 1 + leaves_;
  for (; left < right; left /= 2, right /= 2) {
    if (left % 2 == 1) covering_[left++].push_back(block);
    if (right % 2 == 1) covering_[--right].push_back(block);
  }
}

void PlacedBlocks::beside(const Lifetime& life, std::vector<Block>& found) const {
  found.clear();
  // Those in use at the first step, then those that begin later.
  for (size_t node = static_cast<size_t>(life.first) + leaves_; node > 0; node /= 2)
    found.insert(found.end(), covering_[node].begin(), covering_[node].end());
  for (auto later = by_first_step_.upper_bound(life.first);
       later != by_first_step_.end() && later->first <= life.last; ++later)
    found.push_back(later->second);
}

}  // namespace shrike
