// The property that pruning stands on: where all that reads a channel multiplies it by zero, the
// network without it says the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "../golden/shared_files.h"
#include "engine/session.h"
#include "formats/model.h"
#include "ir/infer.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "passes/training_graph.h"
#include "prune/channel_groups.h"
#include "prune/channels.h"
#include "prune/cost.h"
#include "prune/remove_channels.h"
#include "random_networks.h"
#include "zoo/scratch.h"

namespace shrike {
namespace {

// Some of each group, never all of it; groups are left whole now and then.
std::vector<bool> some_channels(const Graph& graph, const Channels& channels, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<bool> removed(channels.count(), false);
  for (const ChannelGroup& group : channel_groups(graph, channels)) {
    if (random() % 4 == 0) continue;
    const size_t spared = random() % group.channels.size();
    for (size_t i = 0; i < group.channels.size(); ++i)
      if (i != spared && random() % 2 == 0) removed[static_cast<size_t>(group.channels[i])] = true;
  }
  return removed;
}

// The axis of a node's weights that has what they multiply: sums go over it.
std::optional<std::pair<ValueId, int>> read_along(const Graph& graph, const Node& node) {
  if (std::holds_alternative<Conv>(node.op)) return {{node.inputs[1], 1}};
  if (const auto* conv = std::get_if<ConvTranspose>(&node.op); conv && conv->group == 1)
    return {{node.inputs[1], 0}};
  if (const auto* gemm = std::get_if<Gemm>(&node.op))
    return {{node.inputs[1], gemm->trans_b != 0 ? 1 : 0}};
  if (std::holds_alternative<MatMul>(node.op)) {
    if (graph.constant(node.inputs[0])) return {{node.inputs[0], -1}};
    return {{node.inputs[1], -2}};
  }
  return std::nullopt;
}

// Whether maps are multiplied by maps: sums over channels that no weights stand before.
bool has_attention(const Graph& graph) {
  return std::ranges::any_of(graph.nodes, [&](const Node& node) {
    return std::holds_alternative<MatMul>(node.op) && !graph.constant(node.inputs[0]) &&
           !graph.constant(node.inputs[1]);
  });
}

// Zeros where weights read the removed channels; where that is not all that sums over them, in all
// of their slices.
Graph with_zeros(const Graph& graph, const Channels& channels, const std::vector<bool>& removed) {
  Graph zeroed = graph;
  const bool everywhere = has_attention(graph);
  std::set<std::pair<ValueId, int>> read;
  for (const Node& node : graph.nodes)
    if (const auto along = read_along(graph, node)) {
      const int rank = graph.static_shape(along->first)->rank();
      read.emplace(along->first, along->second < 0 ? along->second + rank : along->second);
    }
  for (size_t v = 0; v < graph.values.size(); ++v) {
    const auto id = static_cast<ValueId>(v);
    const Tensor* old = graph.constant(id);
    if (!old || old->dtype() != DType::kF32) continue;
    Tensor tensor(DType::kF32, old->shape());
    std::copy_n(old->data<float>().data(), old->size(), tensor.mutable_data<float>().data());
    int64_t inner = 1;
    for (int axis = old->shape().rank() - 1; axis >= 0; --axis) {
      const Axis& list = channels.axis(id, axis);
      const bool zero = !list.empty() && (everywhere || read.contains({id, axis}));
      for (int64_t i = 0; i < old->size() && zero; ++i)
        if (removed[static_cast<size_t>(list[static_cast<size_t>(i / inner % old->shape()[axis])])])
          tensor.mutable_data<float>()[static_cast<size_t>(i)] = 0;
      inner *= old->shape()[axis];
    }
    zeroed.value(id).constant = tensor;
  }
  return zeroed;
}

std::vector<Tensor> outputs(Graph graph, const Tensor& picture) {
  const Shape shapes[] = {picture.shape()};
  Result<Graph> prepared = prepare_for_inference(std::move(graph), shapes);
  EXPECT_TRUE(prepared) << prepared.error().message;
  Result<Session> session = Session::create(*std::move(prepared), {.threads = 1});
  EXPECT_TRUE(session) << session.error().message;
  Result<std::vector<Tensor>> result = session->run(std::span(&picture, 1));
  EXPECT_TRUE(result);
  return *std::move(result);
}

Tensor picture_for(const Graph& graph) {
  Tensor picture(DType::kF32, *graph.value(graph.inputs[0]).shape);
  std::mt19937 random(7);
  for (float& x : picture.mutable_data<float>()) x = static_cast<float>(random() % 256) / 255;
  return picture;
}

// Every weight that has channels one rounding larger or smaller.
Graph shaken(const Graph& graph, const Channels& channels, unsigned seed) {
  Graph other = graph;
  std::mt19937 random(seed);
  for (size_t v = 0; v < graph.values.size(); ++v) {
    const Tensor* old = graph.constant(static_cast<ValueId>(v));
    const Axes& axes = channels.axes(static_cast<ValueId>(v));
    if (!old || old->dtype() != DType::kF32 ||
        std::ranges::all_of(axes, [](const Axis& axis) { return axis.empty(); }))
      continue;
    Tensor tensor(DType::kF32, old->shape());
    for (size_t i = 0; i < old->data<float>().size(); ++i) {
      const float value = old->data<float>()[i];
      const float towards = random() % 2 == 0 ? 0 : 2 * value;
      tensor.mutable_data<float>()[i] = std::nextafter(value, towards);
    }
    other.value(static_cast<ValueId>(v)).constant = tensor;
  }
  return other;
}

float largest_difference(const Tensor& a, const Tensor& b) {
  const auto x = a.data<float>(), y = b.data<float>();
  float largest = 0;
  for (size_t k = 0; k < x.size(); ++k) {
    const float difference = std::abs(x[k] - y[k]);
    if (std::isnan(difference)) return difference;
    largest = std::max(largest, difference);
  }
  return largest;
}

// A sum of n products in another order is one of weights that are up to n roundings off, some as a
// rule. What that changes a network's outputs by, two that say the same may differ by: next to
// nothing in most, a thousandth behind attentions one upon another whose products are large.
constexpr float kRoundings = 10;  // three times what is seen

std::vector<float> tolerances(const Graph& graph, const Channels& channels,
                              const Tensor& picture, const std::vector<Tensor>& said) {
  std::vector<float> result(said.size(), 0);
  for (const unsigned seed : {1u, 2u}) {
    const std::vector<Tensor> other = outputs(shaken(graph, channels, seed), picture);
    for (size_t i = 0; i < said.size(); ++i)
      result[i] = std::max(result[i], kRoundings * largest_difference(said[i], other[i]));
  }
  return result;
}

void expect_equal(const std::vector<Tensor>& a, const std::vector<Tensor>& b,
                  const std::vector<float>& tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].shape(), b[i].shape());
    EXPECT_LE(largest_difference(a[i], b[i]), tolerance[i]) << "output " << i;
  }
}

// How much of the parameters left.
double expect_exact(const Graph& graph, const std::vector<bool>& removed) {
  const Channels channels = Channels::of(graph);
  Graph pruned = graph;
  const Result<void> done = remove_channels(pruned, channels, removed);
  EXPECT_TRUE(done) << done.error().message;
  if (!done) return 0;
  const Result<void> sound = verify(pruned);
  EXPECT_TRUE(sound) << sound.error().message;
  const Tensor picture = picture_for(graph);
  const Graph zeros = with_zeros(graph, channels, removed);
  const std::vector<Tensor> said = outputs(zeros, picture);
  expect_equal(said, outputs(pruned, picture), tolerances(zeros, channels, picture, said));

  const CostModel cost(graph, channels);
  const Channels left = Channels::of(pruned);
  const std::vector<bool> none(left.count(), false);
  EXPECT_EQ(cost.at(removed).macs, CostModel(pruned, left).at(none).macs);
  EXPECT_EQ(cost.at(removed).parameters, CostModel(pruned, left).at(none).parameters);
  const auto before = cost.at(std::vector<bool>(channels.count(), false)).parameters;
  return 1 - static_cast<double>(cost.at(removed).parameters) / static_cast<double>(before);
}

double expect_exact(const Graph& graph, unsigned seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  return expect_exact(graph, some_channels(graph, Channels::of(graph), seed));
}

// All axes of extent 1 go where none are named: not that of a single channel that is left.
TEST(Prune, PlanesAreSqueezedToOne) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 8, 8});
  const auto weights = [&](Shape shape) {
    Tensor tensor(DType::kF32, shape);
    float next = 0;
    for (float& w : tensor.mutable_data<float>()) w = next += 0.25f;
    return graph.add_constant("w", tensor);
  };
  const ValueId made = graph.add_node(Conv{}, {x, weights(Shape{4, 3, 1, 1})}, "made");
  const ValueId mean = graph.add_node(GlobalAveragePool{}, {made}, "mean");
  const ValueId flat = graph.add_node(Squeeze{}, {mean}, "flat");
  const ValueId axes = graph.add_constant("axes", Tensor::from<int64_t>(Shape{1}, {0}));
  const ValueId rows = graph.add_node(Unsqueeze{}, {flat, axes}, "rows");
  graph.outputs = {graph.add_node(MatMul{}, {rows, weights(Shape{4, 5})}, "said")};
  ASSERT_TRUE(infer_shapes(graph));
  const Channels channels = Channels::of(graph);
  std::vector<bool> removed(channels.count(), false);
  const Axis& four = channels.axis(made, 1);
  ASSERT_EQ(four.size(), 4u);
  for (const size_t i : {0u, 1u, 3u}) removed[static_cast<size_t>(four[i])] = true;
  expect_exact(graph, removed);
}

TEST(Prune, RandomNetworks) {
  double most = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const Graph graph = random_network(seed);
    most = std::max(most, expect_exact(graph, seed));
    if (::testing::Test::HasFatalFailure() || ::testing::Test::HasNonfatalFailure()) return;
  }
  EXPECT_GT(most, 0.3);
}

class PrunedFamilies : public ::testing::TestWithParam<const char*> {};

TEST_P(PrunedFamilies, SayTheSame) {
  Result<Graph> graph = zoo::scratch_model(GetParam(), {.classes = 3, .size = {{64, 64}}});
  ASSERT_TRUE(graph) << graph.error().message;
  for (unsigned seed = 0; seed < 3; ++seed) EXPECT_GT(expect_exact(*graph, seed), 0.25);
}

INSTANTIATE_TEST_SUITE_P(Families, PrunedFamilies,
                         ::testing::Values("yolov8n", "yolo11n", "yolov5n", "yolov5nu",
                                           "yolov3-tiny"),
                         [](const auto& model) { return test_name(model.param); });

class PrunedModels : public ::testing::TestWithParam<const char*> {};

TEST_P(PrunedModels, SayTheSame) {
  const auto path = find_model(GetParam());
  if (!path) GTEST_SKIP() << GetParam() << " is not there";
  Result<Graph> graph = load_model({*path, {}});
  ASSERT_TRUE(graph) << graph.error().message;
  Result<TrainingGraph> training = prepare_for_training(*std::move(graph), 128, 128);
  ASSERT_TRUE(training) << training.error().message;
  Graph maps = training->graph;
  maps.outputs = training->head.maps;
  remove_dead(maps);
  for (unsigned seed = 0; seed < 2; ++seed) EXPECT_GT(expect_exact(maps, seed), 0.2);
}

INSTANTIATE_TEST_SUITE_P(Models, PrunedModels,
                         ::testing::Values("yolov8n-bccd-320", "yolo11n-random", "yolov5n-random",
                                           "yolov10n_e2e-random", "yolox_nano", "yolov3-tiny",
                                           "yolo-fastest-1.1", "yolo-fastest-1.1-xl"),
                         [](const auto& model) { return test_name(model.param); });

}  // namespace
}  // namespace shrike
