// shrike bench --streams: several pictures at once.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "base/tensor.h"
#include "engine/session.h"

namespace shrike {

struct StreamTimes {
  std::vector<double> ms;  // of every counted run of every stream
  double pictures_a_second = 0;
};

// Each of `streams` streams over the session's plan, threads and activations of its own but the
// packed weights shared, runs `inputs` warmup + runs times; all begin their counted runs together.
// pictures_a_second counts those of the inputs' batch, from then until the last stream is done.
// Errors: kRuntime where the machine has not the memory or the threads.
Result<StreamTimes> run_streams(Session& session, std::span<const Tensor> inputs, int streams,
                                int warmup, int runs);

}  // namespace shrike
