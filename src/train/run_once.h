// One forward pass of a graph's module on the project's own tensors, for those who do not see
// LibTorch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace shrike::train {

struct Once {
  std::vector<Tensor> outputs;  // the graph's
  int64_t learned = 0;          // elements of the parameters that learn
};

// With the running statistics, without gradients. Errors: those of Module.
Result<Once> run_once(const Graph& graph, std::span<const Tensor> inputs);

// Threads that LibTorch computes with, from here on, each sum in one order: gradients of what was
// read more than once are else added in whatever order threads come by.
void set_threads(int threads);

}  // namespace shrike::train
