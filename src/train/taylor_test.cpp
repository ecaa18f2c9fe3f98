// Taylor's importance: next to sums over a layer's own map, and to what the loss does without a
// filter.
#include "train/taylor.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <random>

#include "train/objective.h"
#include "train/training_batch.h"
#include "zoo/scratch.h"

namespace shrike::train {
namespace {

constexpr int kSide = 64;
const Preprocess kInput = Preprocess::ultralytics(kSide, kSide);

TrainingGraph network() {
  zoo::ScratchOptions options;
  options.classes = 2;
  options.size = {kSide, kSide};
  options.seed = 3;
  Result<Graph> graph = zoo::scratch_model("yolov8n", options);
  EXPECT_TRUE(graph);
  Result<TrainingGraph> training = prepare_for_training(*std::move(graph), kSide, kSide);
  EXPECT_TRUE(training);
  return *std::move(training);
}

Batch two_pictures() {
  std::mt19937 random(4);
  Batch batch;
  batch.width = batch.height = kSide;
  batch.samples = {0, 1};
  batch.pixels.resize(2 * batch.picture_bytes());
  for (uint8_t& byte : batch.pixels) byte = static_cast<uint8_t>(random());
  batch.targets = {{0, 1, {8, 8, 40, 40}}, {1, 0, {20, 4, 60, 50}}, {1, 1, {2, 30, 20, 60}}};
  return batch;
}

Result<TaylorScores> scores_of(const TrainingGraph& training, const Batch& batch) {
  bool given = false;
  return taylor_scores(training, kInput, [&]() -> Result<const Batch*> {
    return std::exchange(given, true) ? nullptr : &batch;
  });
}

// The map of a layer times its own gradient, summed, from a module that gives the map, too.
TEST(Taylor, IsTheMapTimesItsGradient) {
  const TrainingGraph training = network();
  const Batch batch = two_pictures();
  const Result<TaylorScores> scores = scores_of(training, batch);
  ASSERT_TRUE(scores) << scores.error().message;

  // The raw map of the first scale's classes: the loss reads it directly.
  const ValueId map = training.head.maps[1];
  const Node* made = nullptr;
  for (const Node& node : training.graph.nodes)
    if (node.outputs[0] == map) made = &node;
  ASSERT_TRUE(made && std::holds_alternative<Conv>(made->op));
  Result<Parameters> parameters = Parameters::of(training.graph);
  ASSERT_TRUE(parameters);
  const Result<Module> module =
      Module::build(training.graph, *parameters, {training.head.maps, {}});
  ASSERT_TRUE(module);
  const std::unique_ptr<Loss> loss = make_loss(training.head.head);
  const at::Tensor pictures = pictures_of(batch, kInput);
  const Targets targets = targets_of(batch);
  std::vector<double> expected(2, 0);
  for (int64_t i = 0; i < 2; ++i) {
    const at::Tensor picture = pictures.narrow(0, i, 1);
    Result<std::vector<at::Tensor>> maps = module->forward(std::span(&picture, 1), RunMode{});
    ASSERT_TRUE(maps);
    for (at::Tensor& each : *maps) each = each.detach().requires_grad_(true);
    const at::Tensor own = at::nonzero(targets.pictures == i).flatten();
    (*loss)(*maps, {1, at::zeros({own.numel()}, at::kLong), targets.classes.index_select(0, own),
                    targets.boxes.index_select(0, own)})
        .total.backward();
    const at::Tensor& y = (*maps)[1];
    const at::Tensor sums = (y * y.grad()).detach().sum(at::IntArrayRef{0, 2, 3});
    for (int64_t c = 0; c < 2; ++c)
      expected[static_cast<size_t>(c)] += std::abs(sums[c].item<double>()) / 2;
  }
  const auto found = scores->find(training.graph.value(made->inputs[1]).name);
  ASSERT_NE(found, scores->end());
  ASSERT_EQ(found->second.size(), 2u);
  for (size_t c = 0; c < 2; ++c)
    EXPECT_NEAR(found->second[c], expected[c], 1e-3 * expected[c]) << c;
  // Every convolution has its numbers.
  size_t layers = 0;
  for (const Node& node : training.graph.nodes)
    if (std::holds_alternative<Conv>(node.op)) {
      const std::string& name = training.graph.value(node.inputs[1]).name;
      ASSERT_TRUE(scores->contains(name)) << name;
      EXPECT_EQ(static_cast<int64_t>(scores->find(name)->second.size()),
                training.graph.constant(node.inputs[1])->shape()[0]);
      ++layers;
    }
  EXPECT_EQ(layers, scores->size());
}

TEST(Taylor, WithoutPicturesIsAnError) {
  const Result<TaylorScores> scores =
      taylor_scores(network(), kInput,
                    []() -> Result<const Batch*> { return static_cast<const Batch*>(nullptr); });
  ASSERT_FALSE(scores);
  EXPECT_EQ(scores.error().kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace shrike::train
