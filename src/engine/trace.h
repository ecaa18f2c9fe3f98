// What happened when in one run: the steps, and on which thread their loops ran.
#pragma once

#include <vector>

namespace shrike {

// Microseconds since the run's begin.
struct TraceEvent {
  int step = 0;          // of Plan::steps()
  int thread = 0;        // 0: the caller
  bool is_step = false;  // the whole step, else one thread's part of one of its loops
  double begin_us = 0, end_us = 0;
};

// The steps that do something, each followed by its threads' parts.
using Trace = std::vector<TraceEvent>;

}  // namespace shrike
