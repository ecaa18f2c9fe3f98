// Raw maps or decoded rows of a session -> candidates in pixels of the network's input.
#pragma once

#include <vector>

#include "detect/network.h"
#include "engine/session.h"
#include "vision/box.h"
#include "vision/head.h"

namespace shrike {

struct CandidateSource {
  std::optional<Head> head;
  OutputLayout layout = OutputLayout::kAuto;
  int height = 0, width = 0;
};

// Candidates of the first picture of the last run. `max_det` limits end-to-end heads alone. Errors
// (kModel) when the output does not have the layout's shape.
Result<std::vector<Detection>> candidates(const CandidateSource& source, const Session& session,
                                          const CandidateOptions& options, int max_det);

}  // namespace shrike
