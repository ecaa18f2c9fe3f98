#include "prune/zero_blocks.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include "base/excerpt.h"

namespace shrike {

namespace {

// A layer's weights (O, I, area) and what one of them costs.
struct Layer {
  ValueId weights = kNoValue;
  int64_t outputs = 0, inputs = 0, area = 0;
  int64_t uses = 0;    // multiply-adds a weight
  bool whole = false;  // protected

  int64_t blocks() const { return outputs * inputs / kZeroBlock * area; }
  // The first element of a block; the others lie `area` apart.
  int64_t first(int64_t block) const { return block / area * kZeroBlock * area + block % area; }
};

struct Block {
  double score = 0;
  size_t layer = 0;
  int64_t number = 0;
};

std::vector<Layer> layers_of(const Graph& graph) {
  std::vector<Layer> layers;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<Conv>(node.op)) continue;
    const Tensor* tensor = graph.constant(node.inputs[1]);
    const Shape* map = graph.static_shape(node.outputs[0]);
    if (!tensor || tensor->dtype() != DType::kF32 || !map || map->rank() != 4) continue;
    const Shape& shape = tensor->shape();
    if (shape[1] % kZeroBlock != 0) continue;
    const int64_t uses = (*map)[2] * (*map)[3];
    const auto known = std::find_if(layers.begin(), layers.end(), [&](const Layer& layer) {
      return layer.weights == node.inputs[1];
    });
    if (known != layers.end()) {
      known->uses += uses;
    } else {
      layers.push_back({node.inputs[1], shape[0], shape[1], shape[2] * shape[3], uses, false});
    }
  }
  return layers;
}

double worth(const Layer& layer, std::span<const float> weights, int64_t block, Importance kind) {
  double sum = 0;
  for (int64_t i = 0; i < kZeroBlock; ++i) {
    const double w = weights[static_cast<size_t>(layer.first(block) + i * layer.area)];
    sum += kind == Importance::kL2 ? w * w : std::abs(w);
  }
  return kind == Importance::kL2 ? std::sqrt(sum) : sum;
}

// Of one layer, those that may become zero, the least important first.
std::vector<Block> candidates(const Graph& graph, const std::vector<Layer>& layers, size_t index,
                              const PruneOptions& options, std::mt19937_64& random) {
  const Layer& layer = layers[index];
  const std::span<const float> weights = graph.constant(layer.weights)->data<float>();
  std::vector<Block> blocks;
  double mean = 0;
  for (int64_t b = 0; b < layer.blocks(); ++b) {
    const double own = worth(layer, weights, b, options.importance);
    const double drawn = static_cast<double>((random() >> 11) + 1) * 0x1p-53;
    const bool by_chance = options.importance == Importance::kRandom && own > 0;
    blocks.push_back({by_chance ? drawn : own, index, b});
    mean += blocks.back().score / static_cast<double>(layer.blocks());
  }
  if (mean > 0)
    for (Block& block : blocks) block.score /= mean;
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const Block& a, const Block& b) { return a.score < b.score; });
  const auto zero = std::find_if(blocks.begin(), blocks.end(),
                                 [](const Block& block) { return block.score > 0; });
  const auto most = static_cast<std::ptrdiff_t>(static_cast<double>(blocks.size()) * options.most);
  blocks.resize(static_cast<size_t>(std::max(zero - blocks.begin(), layer.whole ? 0 : most)));
  return blocks;
}

// What is spared by a block, in the unit of the budget.
double spared(const Layer& layer, PruneBudget budget) {
  if (budget == PruneBudget::kRatio) return 1;
  return static_cast<double>(kZeroBlock * (budget == PruneBudget::kMacs ? layer.uses : 1));
}

// With bytes of its own.
Tensor copy_of(const Tensor& tensor) {
  Tensor copy(DType::kF32, tensor.shape());
  const std::span<const float> from = tensor.data<float>();
  std::copy(from.begin(), from.end(), copy.mutable_data<float>().begin());
  return copy;
}

}  // namespace

Result<void> check_zero_blocks(const PruneOptions& options) {
  if (options.budget == PruneBudget::kLatency)
    return usage_error(
        "zeros alone make no network faster: --unstructured wants --macs, --params or --ratio");
  if (options.importance != Importance::kL1 && options.importance != Importance::kL2 &&
      options.importance != Importance::kRandom)
    return usage_error("blocks of weights are told apart by --importance l1, l2 or random");
  SHRIKE_TRY(check_value(options));
  if (!(options.most >= 0 && options.most <= 1))
    return usage_error("at most all of a layer can become zero");
  return {};
}

Result<PruneOutcome> zero_blocks(const Graph& graph, const PruneOptions& options) {
  SHRIKE_TRY(check_zero_blocks(options));
  std::vector<Layer> layers = layers_of(graph);
  SHRIKE_ASSIGN(const std::vector<const Node*> whole,
                layers_to_protect(graph, options.protect, [](const Node& node) {
                  return std::holds_alternative<Conv>(node.op);
                }));
  for (const Node* node : whole)
    for (Layer& layer : layers) layer.whole |= layer.weights == node->inputs[1];
  PruneOutcome outcome = compared(graph, graph);
  outcome.layers.clear();
  outcome.whole.clear();
  outcome.channels = outcome.removed = 0;
  for (const Layer& layer : layers) {
    std::optional<Tensor>& constant = outcome.graph.value(layer.weights).constant;
    constant = copy_of(*constant);
  }
  std::vector<Block> order;
  std::mt19937_64 random(options.seed);
  for (size_t l = 0; l < layers.size(); ++l) {
    outcome.channels += layers[l].blocks();
    const std::vector<Block> own = candidates(graph, layers, l, options, random);
    order.insert(order.end(), own.begin(), own.end());
  }
  if (layers.empty()) return usage_error("no layer has four input channels side by side");
  std::stable_sort(order.begin(), order.end(),
                   [](const Block& a, const Block& b) { return a.score < b.score; });

  const bool ratio = options.budget == PruneBudget::kRatio;
  const double all =
      ratio ? static_cast<double>(outcome.channels)
            : static_cast<double>(options.budget == PruneBudget::kMacs ? outcome.before.macs
                                                                       : outcome.before.parameters);
  const double limit = (ratio ? 1 - options.value : options.value) * all;
  double left = all;
  for (const Block& block : order) {
    if (left <= limit && block.score > 0) break;
    const Layer& layer = layers[block.layer];
    const std::span<float> weights =
        outcome.graph.value(layer.weights).constant->mutable_data<float>();
    for (int64_t i = 0; i < kZeroBlock; ++i)
      weights[static_cast<size_t>(layer.first(block.number) + i * layer.area)] = 0;
    left -= spared(layer, options.budget);
    outcome.after.macs -= kZeroBlock * layer.uses;
    outcome.after.parameters -= kZeroBlock;
    ++outcome.removed;
  }
  if (left > limit + 1e-9 * all)
    return below_the_least(options, left / all, "blocks of weights can become zero");
  return outcome;
}

}  // namespace shrike
