#include "train/module.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "base/excerpt.h"
#include "ir/describe.h"
#include "train/fused.h"
#include "train/guard.h"
#include "train/integer_chains.h"
#include "train/tensors.h"

namespace shrike::train {

class ModuleBuilder {
 public:
  ModuleBuilder(const Graph& graph, const Parameters& parameters, const ModuleOptions& options)
      : graph_(graph), parameters_(parameters), needed_(graph.values.size(), false) {
    module_.inputs_ = graph.inputs;
    module_.outputs_ = options.outputs.empty() ? graph.outputs : options.outputs;
    module_.values_.resize(graph.values.size());
    for (ValueId id : module_.outputs_) need(id);
    for (size_t n = graph.nodes.size(); n-- > 0;)
      if (is_needed(graph.nodes[n])) for_each_input(graph.nodes[n], [&](ValueId id) { need(id); });
    detached_ = options.detached;
  }

  Result<Module> run() {
    const FusedChains chains(graph_, needed_nodes(), kept());
    const IntegerChains integers(graph_);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (!is_needed(node) || chains.inside(n) || integers.inside(n)) continue;
      if (const FusedChain* chain = chains.ending_at(n)) {
        SHRIKE_ASSIGN(Operator fused, make_fused(graph_, *chain));
        SHRIKE_TRY(add(std::move(fused), chain->inputs(graph_), node.outputs));
      } else if (const IntegerChain* chain_of_integers = integers.ending_at(n)) {
        SHRIKE_TRY(add(make_fake_quantize(*chain_of_integers),
                       {chain_of_integers->x, chain_of_integers->steps.value}, node.outputs));
      } else {
        SHRIKE_TRY(add_node(node, integers));
      }
    }
    mark_last_reads();
    return std::move(module_);
  }

 private:
  void need(ValueId id) { needed_[static_cast<size_t>(id)] = true; }

  bool is_needed(const Node& node) const {
    return std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id != kNoValue && needed_[static_cast<size_t>(id)];
    });
  }

  template <typename Call>
  static void for_each_input(const Node& node, Call call) {
    for (ValueId id : node.inputs)
      if (id != kNoValue) call(id);
  }

  std::vector<bool> needed_nodes() const {
    std::vector<bool> nodes;
    for (const Node& node : graph_.nodes) nodes.push_back(is_needed(node));
    return nodes;
  }

  // Values that must come out of a step of their own.
  std::vector<ValueId> kept() const {
    std::vector<ValueId> ids = module_.outputs_;
    ids.insert(ids.end(), detached_.begin(), detached_.end());
    return ids;
  }

  Result<void> add_node(const Node& node, const IntegerChains& integers) {
    SHRIKE_ASSIGN(Operator made, make_operator(graph_, node));
    std::vector<ValueId> inputs = node.inputs;
    if (const std::optional<IntegerChains::Steps> steps = integers.of_bias(node)) {
      made = with_rounded_bias(std::move(made), *steps);
      inputs.insert(inputs.end(), {steps->x.value, steps->weights.value});
    }
    return add(std::move(made), std::move(inputs), node.outputs);
  }

  Result<void> add(Operator run, std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
    for (ValueId id : inputs)
      if (id != kNoValue && graph_.constant(id)) SHRIKE_TRY(add_constant(id));
    Module::Step step{std::move(run), std::move(inputs), std::move(outputs), {}, false};
    step.detaches = std::any_of(step.outputs.begin(), step.outputs.end(), [&](ValueId id) {
      return std::find(detached_.begin(), detached_.end(), id) != detached_.end();
    });
    module_.steps_.push_back(std::move(step));
    return {};
  }

  Result<void> add_constant(ValueId id) {
    at::Tensor& value = module_.values_[static_cast<size_t>(id)];
    if (value.defined()) return {};
    if (const Parameter* parameter = parameters_.find(graph_.value(id).name)) {
      if (Shape(parameter->tensor.sizes().vec()) != *graph_.value(id).shape)
        return model_error("the weights " + in_quotes(parameter->name) +
                           " have another shape than in the graph");
      value = parameter->tensor;
      return {};
    }
    SHRIKE_ASSIGN(value, to_torch(*graph_.constant(id)));
    if (parameters_.all().empty()) return {};
    const at::Tensor& like = parameters_.all().front().tensor;
    value = value.is_floating_point() ? value.to(like.options()) : value.to(like.device());
    return {};
  }

  // From the last step back: who reads a value first on this way reads it last.
  void mark_last_reads() {
    std::vector<bool> read_later(graph_.values.size(), false);
    for (ValueId id : module_.outputs_) read_later[static_cast<size_t>(id)] = true;
    for (auto step = module_.steps_.rbegin(); step != module_.steps_.rend(); ++step)
      for (ValueId id : step->inputs) {
        if (id == kNoValue || graph_.constant(id) || read_later[static_cast<size_t>(id)]) continue;
        read_later[static_cast<size_t>(id)] = true;
        step->last_reads.push_back(id);
      }
  }

  const Graph& graph_;
  const Parameters& parameters_;
  std::vector<bool> needed_;
  std::vector<ValueId> detached_;
  Module module_;
};

Result<Module> Module::build(const Graph& graph, const Parameters& parameters,
                             const ModuleOptions& options) {
  return guarded("building the module",
                 [&] { return ModuleBuilder(graph, parameters, options).run(); });
}

Result<std::vector<at::Tensor>> Module::forward(std::span<const at::Tensor> inputs,
                                                const RunMode& mode) const {
  assert(inputs.size() == inputs_.size());
  return guarded("a forward pass", [&] {
    std::vector<at::Tensor> values = values_;
    for (size_t i = 0; i < inputs.size(); ++i) values[static_cast<size_t>(inputs_[i])] = inputs[i];
    std::vector<at::Tensor> in;
    for (const Step& step : steps_) {
      in.clear();
      for (ValueId id : step.inputs)
        in.push_back(id == kNoValue ? at::Tensor() : values[static_cast<size_t>(id)]);
      std::vector<at::Tensor> out = step.run(in, mode);
      for (ValueId id : step.last_reads) values[static_cast<size_t>(id)].reset();
      for (size_t i = 0; i < step.outputs.size(); ++i)
        if (step.outputs[i] != kNoValue)
          values[static_cast<size_t>(step.outputs[i])] = step.detaches ? out[i].detach() : out[i];
    }
    std::vector<at::Tensor> outputs;
    for (ValueId id : outputs_) outputs.push_back(values[static_cast<size_t>(id)]);
    return outputs;
  });
}

}  // namespace shrike::train
