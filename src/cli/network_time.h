// How long whole networks run: what `bench` says, and what a budget of milliseconds means.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/tensor.h"
#include "engine/session.h"
#include "ir/graph.h"

namespace shrike {

double ms_since(std::chrono::steady_clock::time_point start);

// Values like those of a picture, the same in every run.
Result<Tensor> example_input(const Shape& shape);

// Milliseconds of each of `runs` runs behind `warmup` others. Errors: the session's.
Result<std::vector<double>> time_runs(Session& session, std::span<const Tensor> inputs, int warmup,
                                      int runs);

// The network as it runs where it was saved as a file: on one thread, to the file's own outputs.
// Requires static input shapes. Errors: the engine's.
Result<Session> session_of_file(Graph network);

// What `shrike bench --threads 1` says of the network saved as a file where no other program runs,
// its median in milliseconds: all the way to the file's own outputs, in time of the processor, as
// others that take turns with it are none of the network's. What these do to caches and clocks
// remains, so it is taken until the two least medians are near each other, or often enough; the
// least is handed back. Requires static input shapes. Errors: those of session_of_file(); kRuntime
// once interrupted().
Result<double> network_ms(Graph network);

}  // namespace shrike
