// Whose cache an arena's bytes are in, as far as blocks are written once, at their first step, and
// each of n threads writes an n-th of them, in order. That is so of most: threads divide a map's
// rows alike in all steps. What another core has written last comes from there as slowly as from
// the last cache level, even where it is only written over.
#pragma once

#include <cstddef>
#include <span>

#include "engine/memory_plan.h"

namespace shrike {

// Moves blocks within the arena so that fewer bytes change hands, by multiples of two cache lines
// where all sizes are such multiples. plan.bytes stays; with one thread, and in a graph that is too
// large for it, all does.
void move_to_owners(std::span<const Lifetime> lifetimes, int threads, MemoryPlan& plan);

// Bytes of blocks whose last writer was another thread, where runs of the plan follow each other.
size_t bytes_changing_hands(std::span<const Lifetime> lifetimes, int threads,
                            const MemoryPlan& plan);

}  // namespace shrike
