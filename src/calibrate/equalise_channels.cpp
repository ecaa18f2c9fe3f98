#include <algorithm>
#include <cmath>

#include "calibrate/observer.h"
#include "calibrate/passes.h"
#include "ir/infer.h"

namespace shrike {

namespace {

constexpr size_t kPictures = 16;
// Channels are not made larger than by this beside the largest one.
constexpr double kMostFactor = 256;

// f(a x) = a f(x) for a > 0.
bool scales_through(UnaryKind kind) {
  return kind == UnaryKind::kIdentity || kind == UnaryKind::kRelu || kind == UnaryKind::kLeakyRelu;
}

// A tensor between convolutions alone, whose channels may be given another scale.
struct Joint {
  size_t producer;  // nodes
  std::vector<size_t> readers;
};

std::vector<Joint> joints_of(const Graph& graph) {
  const Uses uses(graph);
  std::vector<Joint> joints;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!is_quantizable(graph, node) || node.inputs.size() > 3) continue;
    const ValueId y = node.outputs[0];
    if (!scales_through(std::get<Conv>(node.op).activation) || uses.is_output(y)) continue;
    Joint joint{n, {}};
    bool all = !uses.readers(y).empty();
    for (const int reader : uses.readers(y)) {
      const Node& other = graph.nodes[static_cast<size_t>(reader)];
      const bool residual = other.inputs.size() > 3 && other.inputs[3] == y;
      all = all && !residual && is_quantizable(graph, other);
      joint.readers.push_back(static_cast<size_t>(reader));
    }
    if (all) joints.push_back(std::move(joint));
  }
  return joints;
}

// The largest magnitude of each channel of each joint's tensor.
Result<std::vector<std::vector<double>>> largest_of(const Graph& network,
                                                    std::span<const Joint> joints,
                                                    const CalibrationOptions& options) {
  Graph graph = network;
  graph.outputs.clear();
  std::vector<std::vector<double>> largest;
  for (const Joint& joint : joints) {
    const ValueId y = network.nodes[joint.producer].outputs[0];
    graph.outputs.push_back(y);
    largest.emplace_back(static_cast<size_t>((*network.static_shape(y))[1]), 0.0);
  }
  remove_dead(graph);
  SHRIKE_ASSIGN(Observer observer,
                Observer::create(std::move(graph), options.preprocess, options.threads));
  const auto look = [&](size_t, std::span<const Tensor> outputs) -> Result<void> {
    for (size_t j = 0; j < outputs.size(); ++j) {
      const std::span<const float> values = outputs[j].data<float>();
      const size_t plane = values.size() / largest[j].size();
      for (size_t i = 0; i < values.size(); ++i) {
        double& most = largest[j][i / plane];
        most = std::max(most, std::fabs(static_cast<double>(values[i])));
      }
    }
    return {};
  };
  const size_t count = std::min(kPictures, options.pictures.size());
  SHRIKE_TRY(show(observer, std::span(options.pictures).first(count), options.proceed, look));
  return largest;
}

// How large the weights are that each channel of x is multiplied with, beside the largest of their
// output channel. Each channel of a depthwise convolution has a scale of its own: 1.
void raise_to_weights(const Graph& graph, const Node& node, std::vector<double>& sizes) {
  const Tensor& w = *graph.constant(node.inputs[1]);
  const int64_t channels = w.shape()[1], taps = w.shape()[2] * w.shape()[3];
  const int64_t outputs = w.shape()[0] / std::get<Conv>(node.op).group;
  const std::span<const float> values = w.data<float>();
  for (int64_t o = 0; o < w.shape()[0]; ++o) {
    const auto row = values.subspan(static_cast<size_t>(o * channels * taps),
                                    static_cast<size_t>(channels * taps));
    double most = 1e-30;
    for (const float value : row) most = std::max(most, std::fabs(static_cast<double>(value)));
    for (size_t i = 0; i < row.size(); ++i) {
      double& size =
          sizes[static_cast<size_t>(o / outputs * channels) + i / static_cast<size_t>(taps)];
      size = std::max(size, std::fabs(static_cast<double>(row[i])) / most);
    }
  }
}

// What each channel is divided by: 1 for the largest of those that live. One that the pictures left
// at 0 takes the factor in the middle, so that it sets no scale, of weights or, where other
// pictures wake it, of values. One that no weight reads is made no larger than the others.
std::vector<double> factors_of(const Graph& graph, const Joint& joint,
                               const std::vector<double>& largest) {
  std::vector<double> weights(largest.size(), 0);
  for (const size_t reader : joint.readers) raise_to_weights(graph, graph.nodes[reader], weights);
  std::vector<double> factors(largest.size(), 1), live;
  const bool depthwise =
      std::all_of(joint.readers.begin(), joint.readers.end(), [&](size_t reader) {
        return std::get<Conv>(graph.nodes[reader].op).group == static_cast<int64_t>(largest.size());
      });
  for (size_t i = 0; i < largest.size(); ++i) {
    if (largest[i] <= 0 || weights[i] <= 0) continue;
    factors[i] = depthwise ? largest[i] : std::sqrt(largest[i] / weights[i]);
    live.push_back(factors[i]);
  }
  if (live.empty()) return factors;
  std::sort(live.begin(), live.end());
  double range = 0;  // that the live ones have then
  const auto limited = [&](double f) { return std::max(f / live.back(), 1 / kMostFactor); };
  for (size_t i = 0; i < largest.size(); ++i) {
    if (largest[i] <= 0 || weights[i] <= 0) continue;
    factors[i] = limited(factors[i]);
    range = std::max(range, largest[i] / factors[i]);
  }
  for (size_t i = 0; i < largest.size(); ++i) {
    if (largest[i] <= 0) factors[i] = limited(live[live.size() / 2]);
    if (largest[i] > 0 && weights[i] <= 0) factors[i] = std::max(1.0, largest[i] / range);
  }
  return factors;
}

// Weights or bias whose i-th element is multiplied by factor(i).
template <typename Factor>
void multiply(Graph& graph, ValueId& constant, const Factor& factor) {
  const Tensor& before = *graph.constant(constant);
  Tensor after(DType::kF32, before.shape());
  for (size_t i = 0; i < static_cast<size_t>(before.size()); ++i)
    after.mutable_data<float>()[i] =
        static_cast<float>(static_cast<double>(before.data<float>()[i]) * factor(i));
  constant = graph.add_constant(graph.value(constant).name, std::move(after));
}

void rescale(Graph& graph, const Joint& joint, const std::vector<double>& factors) {
  Node& producer = graph.nodes[joint.producer];
  const auto size =
      static_cast<size_t>(graph.constant(producer.inputs[1])->size()) / factors.size();
  multiply(graph, producer.inputs[1], [&](size_t i) { return 1 / factors[i / size]; });
  if (producer.inputs.size() > 2 && producer.inputs[2] != kNoValue)
    multiply(graph, producer.inputs[2], [&](size_t i) { return 1 / factors[i]; });
  for (const size_t reader : joint.readers) {
    Node& node = graph.nodes[reader];
    const Shape shape = graph.constant(node.inputs[1])->shape();
    const auto outputs = static_cast<size_t>(shape[0] / std::get<Conv>(node.op).group);
    const auto channels = static_cast<size_t>(shape[1]);
    const auto taps = static_cast<size_t>(shape[2] * shape[3]);
    multiply(graph, node.inputs[1], [&](size_t i) {
      const size_t o = i / (channels * taps), c = i / taps % channels;
      return factors[o / outputs * channels + c];
    });
  }
}

}  // namespace

Result<void> equalise_channels(Calibration& c, const CalibrationOptions& options) {
  const std::vector<Joint> joints = joints_of(c.network);
  if (joints.empty()) return {};
  SHRIKE_ASSIGN(const auto largest, largest_of(c.network, joints, options));
  for (size_t j = 0; j < joints.size(); ++j)
    rescale(c.network, joints[j], factors_of(c.network, joints[j], largest[j]));
  return infer_shapes(c.network);
}

}  // namespace shrike
