// Module: a graph as a function that autograd can follow, at one input size.
//
// The steps are the graph's nodes, in its order, but for a convolution with the batch norm and the
// activation behind it, which are one (conv_norm.h), and for a Q with the DQ behind it
// (integer_chains.h). The weights are Parameters, shared by
// the modules that were built with them: multi-scale training has one module a size, and one that
// is built for validation in another type or with other outputs learns with the rest.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "train/operators.h"
#include "train/parameters.h"

namespace shrike::train {

struct ModuleOptions {
  // What forward gives: any values of the graph, computed or inputs; empty: the graph's outputs.
  std::vector<ValueId> outputs = {};
  // Gradients end at these values: what lies before them does not learn from what reads them.
  std::vector<ValueId> detached = {};
};

class Module {
 public:
  // Requires static shapes. The graph is not needed afterwards. Errors: kModel names the node that
  // cannot learn, or a weight whose shape in `parameters` is another; kRuntime.
  static Result<Module> build(const Graph& graph, const Parameters& parameters,
                              const ModuleOptions& options = {});

  // Inputs in the graph's order, N pictures where the graph has one: (N, C, H, W), of the
  // parameters' element type. Outputs in the order of the options. With mode.training the running
  // statistics of the parameters move. Errors (kRuntime): what LibTorch says.
  Result<std::vector<at::Tensor>> forward(std::span<const at::Tensor> inputs,
                                          const RunMode& mode) const;

  size_t steps() const { return steps_.size(); }

 private:
  friend class ModuleBuilder;
  struct Step {
    Operator run;
    std::vector<ValueId> inputs, outputs;
    std::vector<ValueId> last_reads;  // values that no later step needs
    bool detaches = false;            // its outputs
  };
  std::vector<Step> steps_;
  std::vector<at::Tensor> values_;  // constants and parameters, undefined for the others
  std::vector<ValueId> inputs_, outputs_;
};

}  // namespace shrike::train
