// Convolutions that follow each other as one step, band by band (engine/bands.h).
#pragma once

#include <span>

#include "engine/planner.h"

namespace shrike {

// Whether the node can be part of such a step: what conv_emit() takes with a kernel that computes
// tiles of rows. What it adds lies in memory: a map that a node of the step makes is read by the
// next one alone.
bool can_band(Planner& planner, const Node& node);

// The step of nodes of which each but the last is read by the next one alone.
void conv_bands_emit(Planner& planner, std::span<const Node* const> nodes);

}  // namespace shrike
