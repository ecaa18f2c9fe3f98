// Where buffers lie in one arena, so that those in use at the same time never overlap.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"

namespace shrike {

// A block of bytes in use from step `first` to step `last`, both included.
struct Lifetime {
  size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  // one a lifetime, multiples of kTensorAlignment
  size_t bytes = 0;             // of the arena
  size_t lower_bound = 0;       // the largest sum of lifetimes that share a step
};

// Largest first, each into the smallest gap between what shares a step with it and is placed; where
// that is not the lower bound, a few dozen other orders are tried and the smallest arena is taken.
// With very many that live at once the smallest ones go behind everything. Steps count from 0.
// An error (kModel) where the sum of all bytes is beyond any machine.
Result<MemoryPlan> plan_memory(std::span<const Lifetime> lifetimes);

}  // namespace shrike
