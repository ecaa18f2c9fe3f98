// What a head can be, judging by shapes alone. Private to passes.
#pragma once

#include <vector>

#include "passes/head_tail.h"

namespace shrike {

// A head, and for each of its inputs the index of the raw map (HeadTail::maps) it reads. Anchors
// and scale_xy are still to be found by probing where `head.kind` has them.
struct HeadHypothesis {
  Head head;
  std::vector<size_t> order;
};

// All that fit the maps' shapes and the output's, most likely first. `picture` is the network's
// input (N, C, H, W). Empty when none fits.
std::vector<HeadHypothesis> head_hypotheses(const HeadTail& tail, const Shape& picture);

}  // namespace shrike
