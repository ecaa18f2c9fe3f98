// Which pictures a report shows: the worst ones, and a few that nobody chose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "eval/confusion.h"
#include "vision/box.h"
#include "vision/truth.h"

namespace shrike {

// Objects not found, objects taken for another class and detections of nothing, counted as the
// confusion matrix counts.
uint32_t count_mistakes(std::span<const Detection> detections, std::span<const Truth> truth,
                        const ConfusionOptions& options);

// Three quarters of `limit` (rounded up) are the pictures of most mistakes, the first of equals,
// none without one; the rest is drawn from the others with the generator seeded by `seed`. In
// falling order of mistakes, then the drawn ones in rising order of index; fewer than `limit` only
// where there are fewer. `mistakes`: by picture.
std::vector<size_t> choose_pictures(std::span<const uint32_t> mistakes, size_t limit,
                                    uint64_t seed);

}  // namespace shrike
