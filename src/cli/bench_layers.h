// shrike bench --layers and --trace: where the time of a run went.
#pragma once

#include <string>

#include "engine/session.h"
#include "formats/json.h"

namespace shrike {

// What profiled runs of a session have shown, as JSON, which the text is printed from:
//   peak_gmacs   10^9 multiply-adds a second that the session's threads could do at most
//   layers       the steps in order: node, op, shape (of the output), kernel, macs, problem (of a
//                convolution: sizes, window, stride, groups), ms (the least of all runs), share (of
//                the sum of ms), gmacs (a second, of a direct convolution), peak (their share of
//                peak_gmacs), declined: what was not taken, and why
//   by_kernel, by_operator   sums, the longest first: name, count, ms, share, gmacs, peak
// gmacs and peak are null where nothing is multiplied, problem where nothing is convolved.
Json layers_json(const Session& session);
void print_layers(const Json& layers);

// The run as trace events: JSON that chrome://tracing and ui.perfetto.dev open. One row a thread;
// thread 0, the caller's, has the steps with its parts of them below.
std::string chrome_trace(const Plan& plan, const Trace& trace);

}  // namespace shrike
