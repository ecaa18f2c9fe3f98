// The blocks of an arena that are placed already, found by the steps they are in use. Private to
// memory_plan and owners.
#pragma once

#include <map>
#include <vector>

#include "engine/memory_plan.h"

namespace shrike {

struct Block {
  size_t begin = 0, end = 0;  // bytes of the arena
};

class PlacedBlocks {
 public:
  // For lifetimes whose steps are 0..steps-1.
  explicit PlacedBlocks(int steps);

  void add(const Lifetime& life, Block block);

  // The blocks that share a step with `life`, in no order. Takes as many steps as there are of
  // them, and a logarithm.
  void beside(const Lifetime& life, std::vector<Block>& found) const;

 private:
  size_t leaves_;
  // A tree over the steps: every block is in the few nodes whose steps it covers, so that those in
  // use at one step are in the nodes above that step's leaf.
  std::vector<std::vector<Block>> covering_;
  std::multimap<int, Block> by_first_step_;
};

}  // namespace shrike
