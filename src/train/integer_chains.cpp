#include "train/integer_chains.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "passes/moves_elements.h"
#include "passes/quantized_tensor.h"
#include "train/fake_quantize.h"
#include "train/operator_site.h"

namespace shrike::train {

namespace {

struct Limits {
  double low, high;
};

std::optional<Limits> limits_of(DType type) {
  switch (type) {
    case DType::kU8:
      return Limits{0, 255};
    case DType::kI8:
      return Limits{-128, 127};
    case DType::kU16:
      return Limits{0, 65535};
    case DType::kI16:
      return Limits{-32768, 32767};
    default:
      return std::nullopt;
  }
}

bool is_identity(const Node& node) {
  const auto* unary = std::get_if<Unary>(&node.op);
  return unary && unary->kind == UnaryKind::kIdentity;
}

// Of a zero point, which is the same for all channels.
std::optional<int64_t> single_integer(const Tensor* tensor) {
  const std::optional<int64_t> first =
      tensor && !tensor->empty() ? integer_at(*tensor, 0) : std::nullopt;
  for (size_t i = 1; first && i < static_cast<size_t>(tensor->size()); ++i)
    if (integer_at(*tensor, i) != first) return std::nullopt;
  return first;
}

at::Tensor steps_from(const at::Tensor& value, bool learned) {
  return learned ? steps_of(value) : value;
}

// Maps in the layout that oneDNN's convolutions are fast in, which operators behind keep.
at::Tensor laid_out(const at::Tensor& x, const at::Tensor& steps) {
  const bool map =
      steps.numel() == 1 && x.dim() == 4 && x.is_cpu() && x.scalar_type() == at::kFloat;
  return map ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
}

}  // namespace

IntegerChains::IntegerChains(const Graph& graph)
    : graph_(graph), uses_(graph), chains_(graph.nodes.size()), inside_(graph.nodes.size(), false) {
  const auto mark = [&](ValueId id) {
    if (const int n = uses_.producer(id); n >= 0) inside_[static_cast<size_t>(n)] = true;
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    chains_[n] = chain(graph.nodes[n]);
    if (!chains_[n]) continue;
    for (const Node* node = &graph.nodes[n]; !std::holds_alternative<QuantizeLinear>(node->op);
         node = producer(node->inputs[0]))
      mark(node->inputs[0]);
    if (chains_[n]->steps.learned) mark(graph.nodes[n].inputs[1]);
  }
}

const IntegerChain* IntegerChains::ending_at(size_t node) const {
  return chains_[node] ? &*chains_[node] : nullptr;
}

const Node* IntegerChains::producer(ValueId id) const {
  const int n = id == kNoValue ? -1 : uses_.producer(id);
  return n < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(n)];
}

StepSource IntegerChains::steps(ValueId scale) const {
  if (graph_.constant(scale)) return {scale, false};
  const Node* node = producer(scale);
  const auto* unary = node ? std::get_if<Unary>(&node->op) : nullptr;
  if (!unary || unary->kind != UnaryKind::kExp || !graph_.constant(node->inputs[0])) return {};
  return {node->inputs[0], true};
}

std::optional<IntegerChain> IntegerChains::chain(const Node& dequantize) const {
  if (!std::holds_alternative<DequantizeLinear>(dequantize.op) || dequantize.inputs.size() < 3)
    return std::nullopt;
  const Node* last = producer(dequantize.inputs[0]);
  const Node* clip = last && std::holds_alternative<Clip>(last->op) ? last : nullptr;
  const Node* quantize = clip ? producer(clip->inputs[0]) : last;
  if (!quantize || !std::holds_alternative<QuantizeLinear>(quantize->op) ||
      quantize->inputs[1] != dequantize.inputs[1] || quantize->inputs[2] != dequantize.inputs[2])
    return std::nullopt;
  const std::optional<Limits> limits = limits_of(graph_.value(quantize->outputs[0]).dtype);
  const std::optional<int64_t> zero = single_integer(graph_.constant(quantize->inputs[2]));
  IntegerChain found{quantize->inputs[0], steps(quantize->inputs[1])};
  if (!limits || !zero || found.steps.value == kNoValue) return std::nullopt;
  found.low = limits->low - static_cast<double>(*zero);
  found.high = limits->high - static_cast<double>(*zero);
  for (size_t i = 1; clip && i < clip->inputs.size(); ++i) {
    const std::optional<int64_t> bound = single_integer(graph_.constant(clip->inputs[i]));
    if (!bound) return std::nullopt;
    const auto end = static_cast<double>(*bound - *zero);
    found.low = i == 1 ? std::max(found.low, end) : found.low;
    found.high = i == 2 ? std::min(found.high, end) : found.high;
  }
  found.moved = !clip && only_moves(*quantize);
  return found;
}

// What moves elements of tensors that were rounded to the same integers.
bool IntegerChains::only_moves(const Node& quantize) const {
  const Node* mover = producer(quantize.inputs[0]);
  if (!mover || !moves_elements(mover->op)) return false;
  const size_t data = std::holds_alternative<Concat>(mover->op) ? mover->inputs.size() : 1;
  return std::all_of(mover->inputs.begin(), mover->inputs.begin() + static_cast<long>(data),
                     [&](ValueId id) {
                       const Node* node = producer(id);
                       return node && std::holds_alternative<DequantizeLinear>(node->op) &&
                              node->inputs.size() > 2 && node->inputs[1] == quantize.inputs[1] &&
                              node->inputs[2] == quantize.inputs[2];
                     });
}

std::optional<IntegerChains::Steps> IntegerChains::of_bias(const Node& conv) const {
  if (!std::holds_alternative<Conv>(conv.op) || conv.inputs.size() < 3 ||
      !graph_.constant(conv.inputs[2]))
    return std::nullopt;
  const auto of = [&](ValueId id) -> StepSource {
    const Node* node = producer(id);
    while (node && is_identity(*node)) node = producer(node->inputs[0]);  // where gradients end
    const std::optional<IntegerChain> found = node ? chain(*node) : std::nullopt;
    return found ? found->steps : StepSource{};
  };
  const Steps found{of(conv.inputs[0]), of(conv.inputs[1])};
  if (found.x.value == kNoValue || found.weights.value == kNoValue) return std::nullopt;
  return found;
}

Operator make_fake_quantize(const IntegerChain& chain) {
  if (chain.moved) return one_output([](std::span<const at::Tensor> in) { return in[0]; });
  return one_output([range = IntegerRange{chain.low, chain.high},
                     learned = chain.steps.learned](std::span<const at::Tensor> in) {
    return fake_quantize(laid_out(in[0], in[1]), steps_from(in[1], learned), range);
  });
}

Operator with_rounded_bias(Operator conv, const IntegerChains::Steps& steps) {
  return [conv = std::move(conv), x_learned = steps.x.learned,
          weights_learned = steps.weights.learned](std::span<const at::Tensor> in,
                                                   const RunMode& mode) {
    std::vector<at::Tensor> own(in.begin(), in.end() - 2);
    own[2] = round_bias(own[2], steps_from(in[in.size() - 2], x_learned),
                        steps_from(in[in.size() - 1], weights_learned));
    return conv(own, mode);
  };
}

}  // namespace shrike::train
