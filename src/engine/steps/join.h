// A Concat of channels into a map, in one pass over its pixels.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/steps/copy.h"

namespace shrike {

// Whether copies into parts of one map are quicker that way than one after the other: pixels of a
// few floats or planes, but no runs of many channels.
bool worth_joining(std::span<const SlotCopy> copies);

// Requires parts of maps of f32, of one height and width.
std::unique_ptr<Step> make_join_step(std::vector<SlotCopy> copies);

}  // namespace shrike
