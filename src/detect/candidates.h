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

// Candidates of the first picture of the last run; of an end-to-end head the rows that it would
// give itself. Errors (kModel) when the output does not have the layout's shape.
Result<std::vector<Detection>> candidates(const CandidateSource& source, const Session& session,
                                          const CandidateOptions& options);

// Whether all that the last run gave are finite numbers. Errors: those of Session::output().
Result<bool> outputs_are_finite(const Session& session);

}  // namespace shrike
