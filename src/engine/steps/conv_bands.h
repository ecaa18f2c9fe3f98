// Convolutions that follow each other as one step, band by band (engine/bands.h).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/bands.h"
#include "engine/planner.h"

namespace shrike {

// What a share of a step's scratch holds: the windows of rows between two layers, then the kernels'
// own.
struct BandScratch {
  BandScratch(std::span<const BandLayer> layers, const Bands& bands);

  std::vector<size_t> windows;  // offsets, by the layer that writes them; none for the last
  size_t kernel = 0;            // offset
  size_t bytes = 0;
};

// Whether the node can be part of such a step: what conv_emit() takes with a kernel that computes
// tiles of rows. What it adds lies in memory: a map that a node of the step makes is read by the
// next one alone.
bool can_band(Planner& planner, const Node& node);

// The step of nodes of which each but the last is read by the next one alone.
void conv_bands_emit(Planner& planner, std::span<const Node* const> nodes);

}  // namespace shrike
