#include "train/parameters.h"

#include <ATen/ATen.h>

#include "base/excerpt.h"
#include "ir/describe.h"
#include "train/guard.h"
#include "train/tensors.h"

namespace shrike::train {

namespace {

using Role = ParameterRole;

// The roles of a node's inputs from the second on.
std::vector<Role> roles_of(const Op& op) {
  if (std::holds_alternative<BatchNorm>(op))
    return {Role::kNormScale, Role::kNormShift, Role::kNormMean, Role::kNormVariance};
  if (std::holds_alternative<Conv>(op) || std::holds_alternative<ConvTranspose>(op) ||
      std::holds_alternative<Gemm>(op))
    return {Role::kWeight, Role::kBias};
  if (std::holds_alternative<MatMul>(op)) return {Role::kWeight};
  const auto* binary = std::get_if<Binary>(&op);
  if (binary && binary->kind == BinaryKind::kPRelu) return {Role::kBias};
  return {};
}

// What a node learns: weights and steps of a Q, or its inputs from the second on.
std::vector<std::pair<ValueId, Role>> learned_inputs(const Graph& graph, const Uses& uses,
                                                     const Node& node) {
  std::vector<std::pair<ValueId, Role>> ids;
  if (std::holds_alternative<QuantizeLinear>(node.op)) {
    ids.emplace_back(node.inputs[0], Role::kWeight);
    const int n = uses.producer(node.inputs[1]);
    const auto* unary = n < 0 ? nullptr : std::get_if<Unary>(&graph.nodes[static_cast<size_t>(n)].op);
    if (unary && unary->kind == UnaryKind::kExp)
      ids.emplace_back(graph.nodes[static_cast<size_t>(n)].inputs[0], Role::kStep);
    return ids;
  }
  const std::vector<Role> roles = roles_of(node.op);
  for (size_t i = 0; i < roles.size() && i + 1 < node.inputs.size(); ++i)
    ids.emplace_back(node.inputs[i + 1], roles[i]);
  return ids;
}

}  // namespace

void Parameters::add(Parameter parameter) {
  index_.emplace(parameter.name, all_.size());
  all_.push_back(std::move(parameter));
}

const Parameter* Parameters::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &all_[found->second];
}

Result<Parameters> Parameters::of(const Graph& graph) {
  return guarded("copying the weights", [&]() -> Result<Parameters> {
    Parameters parameters;
    const Uses uses(graph);
    for (const Node& node : graph.nodes)
      for (const auto& [id, role] : learned_inputs(graph, uses, node)) {
        const Tensor* constant = graph.constant(id);
        if (!constant) continue;
        const std::string& name = graph.value(id).name;
        if (parameters.find(name)) continue;  // two nodes share it
        if (constant->dtype() != DType::kF32)
          return model_error(describe(graph, node) + ": weights of type " +
                             std::string(dtype_name(constant->dtype())) + " cannot learn");
        SHRIKE_ASSIGN(at::Tensor tensor, to_torch(*constant));
        tensor.requires_grad_(learns(role));
        parameters.add({name, role, std::move(tensor)});
      }
    return parameters;
  });
}

Result<Parameters> Parameters::converted(at::ScalarType type) const {
  return guarded("copying the weights", [&] {
    Parameters copies;
    for (const Parameter& p : all_)
      copies.add(
          {p.name, p.role, p.tensor.detach().to(type, false, true).requires_grad_(learns(p.role))});
    return copies;
  });
}

int64_t Parameters::learned_elements() const {
  int64_t count = 0;
  for (const Parameter& p : all_)
    if (learns(p.role)) count += p.tensor.numel();
  return count;
}

}  // namespace shrike::train
