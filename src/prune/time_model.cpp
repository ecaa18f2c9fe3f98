#include "prune/time_model.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <set>
#include <utility>

#include "ir/infer.h"

namespace shrike {

namespace {

// Of a layer's input and output widths each. How near sums of what lies between come to a whole
// network: docs/pruning.md.
constexpr size_t kWidths = 7;
// Of the maps and weights that are measured together.
constexpr int64_t kMostElements = int64_t{1} << 24;

// Neither 0, of which a kernel might make less work, nor so large that sums overflow.
constexpr float kWeight = 1.0f / 64;

std::string by(std::span<const int64_t> extents) {
  std::string text;
  for (const int64_t extent : extents) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

bool is_transposed(const Node& node) { return std::holds_alternative<ConvTranspose>(node.op); }

int64_t groups_of(const Node& node) {
  if (const auto* conv = std::get_if<ConvTranspose>(&node.op)) return conv->group;
  return std::get<Conv>(node.op).group;
}

bool has_residual(const Node& node) { return node.inputs.size() > 3 && node.inputs[3] != kNoValue; }

bool can_be_timed(const Graph& graph, const Node& node) {
  if (!std::holds_alternative<Conv>(node.op) && !is_transposed(node)) return false;
  const Tensor* weights = graph.constant(node.inputs[1]);
  const Shape *x = graph.static_shape(node.inputs[0]), *y = graph.static_shape(node.outputs[0]);
  return weights && weights->dtype() == DType::kF32 && x && y && x->rank() == 4 && y->rank() == 4;
}

// All that a layer's time depends on but its numbers of channels.
std::string layer_text(const Graph& graph, const Node& node, bool depthwise) {
  const Shape &x = *graph.static_shape(node.inputs[0]), &y = *graph.static_shape(node.outputs[0]),
              &w = graph.constant(node.inputs[1])->shape();
  std::string text = is_transposed(node) ? "ConvTranspose " : "Conv ";
  const auto add = [&](const auto& op) {
    text += by(std::vector{x[0], x[2], x[3]}) + " > " + by(std::vector{y[2], y[3]}) + ", " +
            by(std::vector{w[2], w[3]}) + " stride " + by(op.strides) + " pads " + by(op.pads) +
            " dilation " + by(op.dilations) + " groups " +
            (depthwise ? "all" : std::to_string(op.group));
  };
  if (const auto* conv = std::get_if<Conv>(&node.op)) {
    add(*conv);
    text += ", " + std::string(enum_name(conv->activation)) + " " + std::to_string(conv->alpha) +
            " " + std::to_string(conv->beta);
  } else {
    add(std::get<ConvTranspose>(node.op));
  }
  return text + (has_residual(node) ? ", residual" : "");
}

// The node of other widths, with inputs of its own.
void add_sample(Graph& graph, const Graph& of, const Node& node, int64_t in, int64_t out,
                bool depthwise) {
  Op op = node.op;
  const int64_t groups = depthwise ? in : groups_of(node);
  if (auto* conv = std::get_if<Conv>(&op)) conv->group = groups;
  if (auto* conv = std::get_if<ConvTranspose>(&op)) conv->group = groups;
  Shape x = *of.static_shape(node.inputs[0]), y = *of.static_shape(node.outputs[0]),
        w = of.constant(node.inputs[1])->shape();
  x[1] = in, y[1] = out;
  w[0] = is_transposed(node) ? in : out;
  w[1] = (is_transposed(node) ? out : in) / groups;
  Tensor weights(DType::kF32, w);
  std::ranges::fill(weights.mutable_data<float>(), kWeight);
  std::vector<ValueId> inputs = {graph.add_input("x", DType::kF32, x),
                                 graph.add_constant("w", std::move(weights)),
                                 graph.add_constant("b", Tensor(DType::kF32, Shape{out}))};
  if (has_residual(node)) inputs.push_back(graph.add_input("r", DType::kF32, y));
  graph.outputs.push_back(graph.add_node(std::move(op), std::move(inputs), "y"));
}

int64_t elements(const Graph& graph, const Node& node, int64_t in, int64_t out) {
  const Shape &x = *graph.static_shape(node.inputs[0]), &y = *graph.static_shape(node.outputs[0]);
  return x[0] * x[2] * x[3] * in + y[0] * y[2] * y[3] * out +
         graph.constant(node.inputs[1])->size();
}

}  // namespace

TimeModel::TimeModel(const Graph& graph, const Channels& channels,
                     std::span<const ChannelGroup> groups, const SelectOptions& options)
    : graph_(graph), touched_(groups.size()) {
  std::vector<size_t> group_of(channels.count(), groups.size());
  for (size_t g = 0; g < groups.size(); ++g)
    for (const Channel channel : groups[g].channels) group_of[static_cast<size_t>(channel)] = g;
  for (const Node& node : graph.nodes) {
    if (!can_be_timed(graph, node)) continue;
    Layer layer;
    layer.node = &node;
    layer.input = side_of(node.inputs[0], channels, groups, group_of, options);
    layer.output = side_of(node.outputs[0], channels, groups, group_of, options);
    const int64_t in_groups = groups_of(node);
    layer.depthwise = in_groups > 1 && in_groups == layer.input.full;
    layer.name = layer_text(graph, node, layer.depthwise);
    const int64_t unit = std::lcm(options.multiple, layer.depthwise ? 1 : in_groups);
    const auto widths = [&](const Side& side) {
      return widths_to_measure(side.least, side.full, unit, kWidths);
    };
    layer.inputs = widths(layer.input);
    if (!layer.depthwise) layer.outputs = widths(layer.output);
    for (const Side* side : {&layer.input, &layer.output})
      for (const auto& [group, times] : side->parts)
        if (touched_[group].empty() || touched_[group].back() != layers_.size())
          touched_[group].push_back(layers_.size());
    layers_.push_back(std::move(layer));
  }
}

TimeModel::Side TimeModel::side_of(ValueId map, const Channels& channels,
                                   std::span<const ChannelGroup> groups,
                                   const std::vector<size_t>& group_of,
                                   const SelectOptions& options) const {
  Side side;
  side.full = (*graph_.static_shape(map))[1];
  std::map<size_t, int64_t> entries;
  for (const Channel channel : channels.axis(map, 1))
    if (const size_t group = group_of[static_cast<size_t>(channel)]; group < groups.size())
      ++entries[group];
  side.least = side.full;
  for (const auto& [group, count] : entries) {
    const size_t size = groups[group].channels.size();
    side.parts[group] = count / static_cast<int64_t>(size);
    if (group < options.protect.size() && options.protect[group]) continue;
    const size_t most = removal_counts(group, size, options).back();
    side.least -= side.parts[group] * static_cast<int64_t>(most);
  }
  return side;
}

std::string TimeModel::Sample::widths() const {
  return std::to_string(input) + " > " + std::to_string(output);
}

std::vector<TimeModel::Sample> TimeModel::samples_of(const Layer& layer) const {
  std::vector<Sample> samples;
  for (const int64_t input : layer.inputs) {
    if (layer.depthwise)
      samples.push_back({&layer, input, input * layer.output.full / layer.input.full});
    for (const int64_t output : layer.outputs) samples.push_back({&layer, input, output});
  }
  return samples;
}

// What is measured together: of each layer one pair of widths, so that a layer finds the memory as
// others left it, like in a network.
std::vector<std::vector<TimeModel::Sample>> TimeModel::missing(const LayerTimes& times) const {
  std::set<std::pair<std::string, std::string>> noted;
  std::vector<std::vector<Sample>> rounds;
  for (const Layer& layer : layers_) {
    size_t round = 0;
    const auto known = times.find(layer.name);
    for (const Sample& sample : samples_of(layer)) {
      const std::string widths = sample.widths();
      if (known != times.end() && known->second.contains(widths)) continue;
      if (!noted.emplace(layer.name, widths).second) continue;
      if (round == rounds.size()) rounds.emplace_back();
      rounds[round++].push_back(sample);
    }
  }
  std::vector<std::vector<Sample>> graphs;
  for (const std::vector<Sample>& round : rounds) {
    int64_t size = kMostElements;
    for (const Sample& sample : round) {
      const int64_t more = elements(graph_, *sample.layer->node, sample.input, sample.output);
      if (size + more > kMostElements) {
        graphs.emplace_back();
        size = 0;
      }
      graphs.back().push_back(sample);
      size += more;
    }
  }
  return graphs;
}

Graph TimeModel::graph_of(std::span<const Sample> samples) const {
  Graph graph;
  for (const Sample& s : samples)
    add_sample(graph, graph_, *s.layer->node, s.input, s.output, s.layer->depthwise);
  return graph;
}

Result<void> TimeModel::measure(LayerTimes& times, const NodeTimer& timer,
                                const std::function<void(int done, int total)>& on_progress) {
  const std::vector<std::vector<Sample>> graphs = missing(times);
  for (size_t i = 0; i < graphs.size(); ++i) {
    if (on_progress) on_progress(static_cast<int>(i), static_cast<int>(graphs.size()));
    Graph graph = graph_of(graphs[i]);
    SHRIKE_TRY(infer_shapes(graph));
    SHRIKE_ASSIGN(const std::vector<double> ms, timer(graph));
    assert(ms.size() == graphs[i].size());
    for (size_t s = 0; s < ms.size(); ++s)
      times[graphs[i][s].layer->name][graphs[i][s].widths()] = ms[s];
  }
  for (Layer& layer : layers_) {
    std::vector<double> ms;
    for (const Sample& sample : samples_of(layer)) ms.push_back(times[layer.name][sample.widths()]);
    layer.table = {WidthTable(
        layer.inputs, layer.depthwise ? std::vector<int64_t>{1} : layer.outputs, std::move(ms))};
  }
  return {};
}

int64_t TimeModel::width(const Side& side, std::span<const size_t> gone, size_t group,
                         size_t more) {
  int64_t width = side.full;
  for (const auto& [part, times] : side.parts)
    width -= times * static_cast<int64_t>(gone[part] + (part == group ? more : 0));
  return width;
}

double TimeModel::layer_ms(const Layer& layer, std::span<const size_t> gone, size_t group,
                           size_t more) const {
  const int64_t input = width(layer.input, gone, group, more);
  if (layer.depthwise) return layer.table.front().at(input, 1);
  return layer.table.front().at(input, width(layer.output, gone, group, more));
}

double TimeModel::ms(std::span<const size_t> gone) const {
  double sum = 0;
  for (const Layer& layer : layers_) sum += layer_ms(layer, gone, 0, 0);
  return sum;
}

double TimeModel::saved(std::span<const size_t> gone, size_t group, size_t more) const {
  double sum = 0;
  for (const size_t layer : touched_[group])
    sum += layer_ms(layers_[layer], gone, group, 0) - layer_ms(layers_[layer], gone, group, more);
  return sum;
}

}  // namespace shrike
