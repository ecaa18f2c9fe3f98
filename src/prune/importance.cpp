#include "prune/importance.h"

#include <cmath>
#include <random>
#include <utility>

namespace shrike {

namespace {

// The filters of a constant along one axis, each as a row.
class Filters {
 public:
  Filters(const Tensor& tensor, int axis) : data_(tensor.data<float>()) {
    count_ = tensor.shape()[axis];
    for (int i = 0; i < axis; ++i) outer_ *= tensor.shape()[i];
    for (int i = axis + 1; i < tensor.shape().rank(); ++i) inner_ *= tensor.shape()[i];
  }
  int64_t count() const { return count_; }

  // Sum of f(element of filter i, element of filter j) over their places.
  template <typename F>
  double sum(int64_t i, int64_t j, F f) const {
    double total = 0;
    for (int64_t o = 0; o < outer_; ++o)
      for (int64_t k = 0; k < inner_; ++k) total += f(at(o, i, k), at(o, j, k));
    return total;
  }

 private:
  double at(int64_t outer, int64_t i, int64_t inner) const {
    return data_[static_cast<size_t>((outer * count_ + i) * inner_ + inner)];
  }
  std::span<const float> data_;
  int64_t count_ = 0, outer_ = 1, inner_ = 1;
};

double value_of(const Filters& filters, int64_t i, Importance kind) {
  if (kind == Importance::kL1)
    return filters.sum(i, i, [](double a, double) { return std::abs(a); });
  if (kind == Importance::kL2)
    return std::sqrt(filters.sum(i, i, [](double a, double b) { return a * b; }));
  double distances = 0;
  for (int64_t j = 0; j < filters.count(); ++j)
    distances += std::sqrt(filters.sum(i, j, [](double a, double b) { return (a - b) * (a - b); }));
  return distances;
}

// Where a node's constants make channels: an input and its axis.
struct Made {
  ValueId value = kNoValue;
  int axis = 0;
};

Made made_by(const Node& node) {
  if (std::holds_alternative<Conv>(node.op)) return {node.inputs[1], 0};
  if (const auto* conv = std::get_if<ConvTranspose>(&node.op))
    return {node.inputs[1], conv->group == 1 ? 1 : 0};
  if (std::holds_alternative<MatMul>(node.op)) return {node.inputs[1], -1};
  if (const auto* gemm = std::get_if<Gemm>(&node.op))
    return {node.inputs[1], gemm->trans_b != 0 ? 0 : 1};
  return {};
}

std::vector<double> random_scores(size_t count, uint64_t seed) {
  // Not std::uniform_real_distribution, which gives other numbers with other libraries.
  std::mt19937_64 random(seed);
  std::vector<double> scores(count);
  for (double& score : scores) score = static_cast<double>(random() >> 11) * 0x1p-53;
  return scores;
}

}  // namespace

Result<std::vector<double>> importance(const Graph& graph, const Channels& channels,
                                       Importance kind, uint64_t seed,
                                       const FilterScores& measured) {
  if (kind == Importance::kRandom) return random_scores(channels.count(), seed);
  std::vector<double> sums(channels.count(), 0), terms(channels.count(), 0);
  const bool by_weights = kind != Importance::kNorm && kind != Importance::kTaylor;
  const bool own_norms = kind == Importance::kNorm && measured.empty();
  const FilterScores& filters_worth = own_norms ? norm_scales(graph) : measured;
  bool any = by_weights;
  for (const Node& node : graph.nodes) {
    const Made made = made_by(node);
    const Tensor* tensor = made.value == kNoValue ? nullptr : graph.constant(made.value);
    if (!tensor || tensor->dtype() != DType::kF32) continue;
    const int axis = made.axis < 0 ? made.axis + tensor->shape().rank() : made.axis;
    const Axis& list = channels.axis(made.value, axis);
    const std::vector<double>* given = nullptr;
    if (!by_weights) {
      const auto found = filters_worth.find(graph.value(made.value).name);
      if (found == filters_worth.end() || found->second.size() != list.size()) continue;
      given = &found->second;
      any = true;
    }
    const Filters filters(*tensor, axis);
    for (size_t i = 0; i < list.size(); ++i) {
      const auto channel = static_cast<size_t>(list[i]);
      sums[channel] += given ? (*given)[i] : value_of(filters, static_cast<int64_t>(i), kind);
      ++terms[channel];
    }
  }
  if (!any)
    return usage_error(kind == Importance::kNorm
                           ? "importance norm needs batch norms, and the model has none"
                           : "importance taylor needs numbers of the model's layers");
  for (size_t c = 0; c < sums.size(); ++c)
    sums[c] = terms[c] > 0 ? sums[c] / terms[c] : kUnknownWorth;
  return sums;
}

FilterScores norm_scales(const Graph& graph) {
  std::map<ValueId, std::pair<const Node*, int>> made;  // by value: its convolution, its readers
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<Conv>(node.op) || std::holds_alternative<ConvTranspose>(node.op))
      made[node.outputs[0]].first = &node;
    for (const ValueId id : node.inputs) ++made[id].second;
  }
  FilterScores scores;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<BatchNorm>(node.op)) continue;
    const auto& [conv, readers] = made[node.inputs[0]];
    const Tensor* scale = graph.constant(node.inputs[1]);
    if (!conv || readers != 1 || !scale || scale->dtype() != DType::kF32) continue;
    std::vector<double> values;
    for (const float s : scale->data<float>()) values.push_back(std::abs(static_cast<double>(s)));
    const std::string& name = graph.value(conv->inputs[1]).name;
    scores[name + ".folded"] = values;
    scores[name] = std::move(values);
  }
  return scores;
}

void estimate_unknown(std::vector<double>& scores, std::span<const ChannelGroup> groups) {
  double all = 0, all_known = 0;
  std::vector<double> means;  // by group, kUnknownWorth where none of it is known
  for (const ChannelGroup& group : groups) {
    double sum = 0, known = 0;
    for (const Channel channel : group.channels)
      if (const double score = scores[static_cast<size_t>(channel)]; score >= 0)
        sum += score, ++known;
    means.push_back(known > 0 ? sum / known : kUnknownWorth);
    all += sum, all_known += known;
  }
  const double mean = all_known > 0 ? all / all_known : 1;
  for (size_t g = 0; g < groups.size(); ++g)
    for (const Channel channel : groups[g].channels)
      if (double& score = scores[static_cast<size_t>(channel)]; score < 0)
        score = means[g] < 0 ? mean : means[g];
}

void normalise_by_group(std::vector<double>& scores, std::span<const ChannelGroup> groups) {
  for (const ChannelGroup& group : groups) {
    double mean = 0;
    for (const Channel channel : group.channels) mean += scores[static_cast<size_t>(channel)];
    mean /= static_cast<double>(group.channels.size());
    if (mean <= 0) continue;
    for (const Channel channel : group.channels) scores[static_cast<size_t>(channel)] /= mean;
  }
}

}  // namespace shrike
