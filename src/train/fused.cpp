#include "train/fused.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "train/conv_norm.h"
#include "train/operator_site.h"

namespace shrike::train {

std::vector<ValueId> FusedChain::inputs(const Graph& graph) const {
  std::vector<ValueId> ids(graph.nodes[conv].inputs.begin(), graph.nodes[conv].inputs.begin() + 2);
  const std::vector<ValueId>& of_norm = graph.nodes[norm].inputs;
  ids.insert(ids.end(), of_norm.begin() + 1, of_norm.end());
  return ids;
}

FusedChains::FusedChains(const Graph& graph, const std::vector<bool>& nodes,
                         const std::vector<ValueId>& kept)
    : chain_of_last_(graph.nodes.size(), -1), inside_(graph.nodes.size(), false) {
  const Uses uses(graph);
  const auto sole_reader = [&](ValueId id) {
    const std::vector<int>& readers = uses.readers(id);
    const bool alone = std::count_if(readers.begin(), readers.end(),
                                     [&](int n) { return nodes[static_cast<size_t>(n)]; }) == 1;
    if (!alone || std::find(kept.begin(), kept.end(), id) != kept.end()) return -1;
    return *std::find_if(readers.begin(), readers.end(),
                         [&](int n) { return nodes[static_cast<size_t>(n)]; });
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const auto* conv = std::get_if<Conv>(&node.op);
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
    if (!nodes[n] || !conv || has_bias || node.inputs.size() > 3 ||
        conv->activation != UnaryKind::kIdentity)
      continue;
    const int norm = sole_reader(node.outputs[0]);
    if (norm < 0 || !std::holds_alternative<BatchNorm>(graph.nodes[static_cast<size_t>(norm)].op))
      continue;
    FusedChain chain{n, static_cast<size_t>(norm), -1};
    const int next = sole_reader(graph.nodes[chain.norm].outputs[0]);
    const Unary* unary =
        next < 0 ? nullptr : std::get_if<Unary>(&graph.nodes[static_cast<size_t>(next)].op);
    if (unary && has_derivative(unary->kind)) chain.activation = next;
    inside_[chain.conv] = true;
    if (chain.activation >= 0) inside_[chain.norm] = true;
    chain_of_last_[chain.last()] = static_cast<int>(chains_.size());
    chains_.push_back(chain);
  }
}

const FusedChain* FusedChains::ending_at(size_t node) const {
  const int chain = chain_of_last_[node];
  return chain < 0 ? nullptr : &chains_[static_cast<size_t>(chain)];
}

Result<Operator> make_fused(const Graph& graph, const FusedChain& chain) {
  const Node& node = graph.nodes[chain.conv];
  const auto& conv = std::get<Conv>(node.op);
  const OperatorSite site(graph, node);
  SHRIKE_ASSIGN(const OperatorSite::Shapes shapes, site.shapes());
  const Shape* weights = site.input_shape(1);
  if (!weights || weights->rank() != 4) return site.fail("its weights have no known shape");
  ConvNorm op;
  op.windows =
      windows_of(conv, {(*weights)[2], (*weights)[3]}, conv.dilations, shapes.in, shapes.out);
  op.groups = conv.group;
  op.epsilon = static_cast<double>(std::get<BatchNorm>(graph.nodes[chain.norm].op).epsilon);
  if (chain.activation >= 0)
    op.activation = std::get<Unary>(graph.nodes[static_cast<size_t>(chain.activation)].op);
  return Operator([op](std::span<const at::Tensor> in, const RunMode& mode) {
    if (mode.training) {
      ConvNorm step = op;
      step.products = mode.products;
      return std::vector<at::Tensor>{
          conv_norm({in[0], in[1], in[2], in[3], in[4], in[5]}, step, mode.norm_momentum,
                    mode.sum_over_ranks)};
    }
    const at::Tensor z = convolve(in[0], in[1], {}, op.windows, op.groups);
    return std::vector<at::Tensor>{
        apply_unary(op.activation, at::batch_norm(z, in[2], in[3], in[4], in[5], false,
                                                  mode.norm_momentum, op.epsilon, false))};
  });
}

}  // namespace shrike::train
