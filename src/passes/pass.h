// A pass: a named function that rewrites a graph and keeps its meaning (unless it says otherwise).
// Passes are listed, in the order they run, in pipeline.cpp; nothing registers itself.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace shrike {

struct Pass {
  std::string_view name;   // by its effect: fold_batchnorm_into_conv
  std::string_view about;  // one line
  Result<void> (*run)(Graph& graph);
};

struct PassReport {
  std::string_view name;
  size_t nodes_before = 0;
  size_t nodes_after = 0;
  double ms = 0;
};

struct PassOptions {
  // ir/verify after every pass. Everywhere where the environment has SHRIKE_VERIFY: the suite
  // sets it, so that every graph of every test is verified.
  bool verify = false;
  std::vector<std::string> skip;  // passes to leave out
  std::vector<PassReport>* report = nullptr;
};

Result<void> run_passes(Graph& graph, std::span<const Pass> passes,
                        const PassOptions& options = {});

}  // namespace shrike
