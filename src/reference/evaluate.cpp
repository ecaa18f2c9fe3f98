#include "reference/evaluate.h"

#include <algorithm>
#include <new>

#include "base/excerpt.h"
#include "base/memory.h"
#include "ir/describe.h"
#include "ir/infer.h"
#include "reference/operators.h"
#include "reference/work.h"

namespace shrike {

namespace {

using reference::Inputs;
using reference::Outputs;
using reference::OutputType;

// What infer_node() finds for the node, its inputs being constants.
Result<std::vector<OutputType>> infer_outputs(const Node& node,
                                              std::span<const Tensor* const> inputs) {
  Graph graph;
  Node local{node.name, node.op, {}, {}};
  const auto add = [&](Value value) {
    graph.values.push_back(std::move(value));
    return static_cast<ValueId>(graph.values.size() - 1);
  };
  for (const Tensor* input : inputs) {
    if (input)
      local.inputs.push_back(add({{}, input->dtype(), input->shape(), *input, {}}));
    else
      local.inputs.push_back(kNoValue);
  }
  const size_t first = graph.values.size();
  for (size_t i = 0; i < std::max<size_t>(1, node.outputs.size()); ++i)
    local.outputs.push_back(add({}));
  SHRIKE_TRY(infer_node(graph, local));
  std::vector<OutputType> types;
  for (size_t i = first; i < graph.values.size(); ++i)
    types.push_back({graph.values[i].dtype, std::move(graph.values[i].shape)});
  return types;
}

// Takes the node's work off what is left of it; null: any.
Result<void> expect_within(double* work_left, const Inputs& in, const Node& node,
                           std::span<const Tensor* const> inputs, const OutputType& output) {
  if (!work_left) return {};
  const bool known = output.shape && output.shape->is_static();
  const double work = work_of(node.op, inputs, known ? &*output.shape : nullptr);
  if (!(work <= *work_left)) return in.fail("takes too long to evaluate");
  *work_left -= work;
  return {};
}

Result<Outputs> evaluate_typed(const Node& node, std::span<const Tensor* const> inputs,
                               std::span<const OutputType> types, const EvaluateLimits& limits,
                               double* work_left) {
  Inputs in(node, inputs, types, limits);
  for (const OutputType& type : types)
    if (type.shape && type.shape->is_static())
      SHRIKE_TRY(in.expect_within_limit(type.dtype, *type.shape));
  SHRIKE_TRY(expect_within(work_left, in, node, inputs, types[0]));
  if (does_arithmetic(node.op)) SHRIKE_TRY(in.widen());
  SHRIKE_ASSIGN(Outputs outputs,
                std::visit([&](const auto& op) { return reference::evaluate(op, in); }, node.op));
  assert(outputs.size() >= types.size());
  outputs.resize(types.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    SHRIKE_ASSIGN(outputs[i], reference::narrowed(outputs[i], types[i].dtype));
  }
  return outputs;
}

Result<Outputs> evaluate_counted(const Node& node, std::span<const Tensor* const> inputs,
                                 const EvaluateLimits& limits, double* work_left) {
  try {
    SHRIKE_ASSIGN(const std::vector<OutputType> types, infer_outputs(node, inputs));
    return evaluate_typed(node, inputs, types, limits, work_left);
  } catch (const std::bad_alloc&) {
    return out_of_memory(describe(node));
  }
}

Result<void> check_input(const Value& declared, const Tensor& given) {
  bool fits = declared.dtype == DType::kUndefined || declared.dtype == given.dtype();
  if (declared.shape) {
    const Shape& shape = *declared.shape;
    fits = fits && shape.rank() == given.shape().rank();
    for (int axis = 0; fits && axis < shape.rank(); ++axis)
      fits = shape[axis] == kDynamic || shape[axis] == given.shape()[axis];
  }
  if (fits) return {};
  return input_error("input " + in_quotes(declared.name) + " takes " +
                     std::string(dtype_name(declared.dtype)) + " " +
                     (declared.shape ? to_string(*declared.shape) : "of any shape") + ", not " +
                     std::string(dtype_name(given.dtype())) + " " + to_string(given.shape()));
}

// How many node inputs and graph outputs still want each value.
std::vector<int> count_readers(const Graph& graph) {
  std::vector<int> readers(graph.values.size(), 0);
  for (const Node& node : graph.nodes)
    for (ValueId id : node.inputs)
      if (id != kNoValue) ++readers[static_cast<size_t>(id)];
  for (ValueId id : graph.outputs) ++readers[static_cast<size_t>(id)];
  return readers;
}

Result<std::vector<Tensor>> evaluate_graph_counted(const Graph& graph, std::vector<Tensor> inputs,
                                                   const EvaluateLimits& limits,
                                                   double* work_left) {
  if (inputs.size() != graph.inputs.size())
    return input_error("the model has " + std::to_string(graph.inputs.size()) + " inputs, " +
                       std::to_string(inputs.size()) + " were given");
  std::vector<Tensor> values(graph.values.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    SHRIKE_TRY(check_input(graph.value(graph.inputs[i]), inputs[i]));
    values[static_cast<size_t>(graph.inputs[i])] = std::move(inputs[i]);
  }
  for (size_t i = 0; i < values.size(); ++i)
    if (graph.values[i].constant) values[i] = *graph.values[i].constant;

  std::vector<int> readers = count_readers(graph);
  for (const Node& node : graph.nodes) {
    std::vector<const Tensor*> arguments;
    for (ValueId id : node.inputs)
      arguments.push_back(id == kNoValue ? nullptr : &values[static_cast<size_t>(id)]);
    SHRIKE_ASSIGN(std::vector<Tensor> outputs,
                  evaluate_counted(node, arguments, limits, work_left));
    for (ValueId id : node.inputs)
      if (id != kNoValue && --readers[static_cast<size_t>(id)] == 0)
        values[static_cast<size_t>(id)] = Tensor();
    for (size_t i = 0; i < node.outputs.size(); ++i)
      if (const ValueId id = node.outputs[i]; id != kNoValue && readers[static_cast<size_t>(id)])
        values[static_cast<size_t>(id)] = std::move(outputs[i]);
  }
  std::vector<Tensor> results;
  for (ValueId id : graph.outputs) results.push_back(values[static_cast<size_t>(id)]);
  return results;
}

}  // namespace

Result<std::vector<Tensor>> evaluate_node(const Node& node, std::span<const Tensor* const> inputs,
                                          const EvaluateLimits& limits) {
  return evaluate_counted(node, inputs, limits, nullptr);
}

Result<std::vector<Tensor>> evaluate_graph(const Graph& graph, std::span<const Tensor> inputs,
                                           const EvaluateLimits& limits) {
  return evaluate_graph_counted(graph, {inputs.begin(), inputs.end()}, limits, nullptr);
}

Result<std::vector<Tensor>> evaluate_node_within(double& work_left, const Node& node,
                                                 std::span<const Tensor* const> inputs) {
  return evaluate_counted(node, inputs, {}, &work_left);
}

Result<std::vector<Tensor>> evaluate_graph_within(double& work_left, const Graph& graph,
                                                  std::vector<Tensor> inputs) {
  return evaluate_graph_counted(graph, std::move(inputs), {}, &work_left);
}

}  // namespace shrike
