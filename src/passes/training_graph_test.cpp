// Graphs as the trainer takes them: batch norms back, a second head, other sizes.
#include "passes/training_graph.h"

#include <set>

#include "ir/verify.h"
#include "passes/insert_batchnorm.h"
#include "passes/lift_head.h"
#include "passes/one_to_many.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "passes/test_support.h"

namespace shrike {
namespace {

// Pictures go through a shared stem, then a layer of its own for each map of an end-to-end head.
Graph two_layers(const Head& head) {
  Graph g;
  ValueId x = g.add_input("images", DType::kF32, Shape{1, 3, 64, 96});
  std::vector<ValueId> maps;
  const int64_t channels[] = {4 * head.reg_max, head.num_classes};
  for (size_t s = 0; s < head.strides.size(); ++s) {
    Conv stem;
    stem.strides = std::vector<int64_t>(2, s == 0 ? head.strides[0] : 2);
    const int64_t k = stem.strides[0], from = s == 0 ? 3 : 6;
    const unsigned seed = static_cast<unsigned>(10 * s);
    const ValueId y = g.add_node(stem,
                                 {x, g.add_constant("stem.w", noise(Shape{6, from, k, k}, seed)),
                                  g.add_constant("stem.b", noise(Shape{6}, seed + 1))},
                                 "stem");
    x = g.add_node(Unary{UnaryKind::kSilu, 0, 0}, {y}, "feature");
    for (size_t m = 0; m < 2; ++m) {
      const unsigned own = seed + 2 + static_cast<unsigned>(m);
      maps.push_back(
          g.add_node(Conv{},
                     {x, g.add_constant("head.w", noise(Shape{channels[m], 6, 1, 1}, own)),
                      g.add_constant("head.b", noise(Shape{channels[m]}, own))},
                     "map"));
    }
  }
  g.outputs = {g.add_node(head, maps, "output0")};
  EXPECT_TRUE(infer_shapes(g));
  return g;
}

ChannelMoments moments_of(const Tensor& map) {
  const Shape& shape = map.shape();
  const int64_t area = shape[2] * shape[3];
  ChannelMoments moments;
  for (int64_t c = 0; c < shape[1]; ++c) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < area; ++i) {
      const double x = map.data<float>()[static_cast<size_t>(c * area + i)];
      sum += x;
      squares += x * x;
    }
    const double n = static_cast<double>(area), mean = sum / n;
    moments.mean.push_back(mean);
    moments.variance.push_back(squares / n - mean * mean);
  }
  return moments;
}

TEST(InsertBatchnorm, KeepsTheFunctionAndTheWeights) {
  const Graph before = two_layers(anchor_free(BoxFormat::kCxcywh, 0));
  const std::vector<ValueId> values = folded_convolutions(before);
  ASSERT_EQ(values.size(), 3u) << "the stems, not the raw maps";
  const Tensor picture = noise(Shape{1, 3, 64, 96}, 99);
  Graph observed = before;
  observed.outputs = values;
  const Result<std::vector<Tensor>> maps = evaluate_graph(observed, std::vector{picture});
  ASSERT_TRUE(maps);
  std::vector<ChannelMoments> moments;
  for (const Tensor& map : *maps) moments.push_back(moments_of(map));

  Graph after = before;
  for (size_t i = 0; i < after.nodes.size(); ++i) after.nodes[i].name = std::to_string(i);
  ASSERT_TRUE(insert_batchnorm(after, values, moments));
  ASSERT_TRUE(verify(after));
  EXPECT_EQ(after.nodes.size(), before.nodes.size() + 3);
  std::set<std::string> names;
  for (const Node& node : after.nodes)
    EXPECT_TRUE(names.insert(node.name).second) << node.name;
  EXPECT_TRUE(folded_convolutions(after).empty());
  expect_same(output_of(before, picture), output_of(after, picture));
  EXPECT_EQ(*after.value(*after.find_value("stem.w")).constant,
            *before.value(*before.find_value("stem.w")).constant);

  // The convolution's own output has the norm's mean and variance: a step of training with this
  // picture starts from the same function.
  Graph seen = after;
  for (const Node& node : after.nodes)
    if (std::holds_alternative<BatchNorm>(node.op)) {
      seen.outputs = {node.inputs[0]};
      const Result<std::vector<Tensor>> z = evaluate_graph(seen, std::vector{picture});
      ASSERT_TRUE(z);
      const ChannelMoments own = moments_of((*z)[0]);
      for (size_t c = 0; c < own.mean.size(); ++c) {
        const float mean = after.constant(node.inputs[3])->data<float>()[c],
                    variance = after.constant(node.inputs[4])->data<float>()[c];
        EXPECT_NEAR(own.mean[c], mean, 1e-4 * (1 + std::abs(own.mean[c])));
        EXPECT_NEAR(own.variance[c], variance, 1e-4 * (1 + own.variance[c]));
      }
    }

  // Folding it again gives the file's network.
  ASSERT_TRUE(run_passes(after, folding_passes()));
  EXPECT_EQ(after.nodes.size(), before.nodes.size());
  expect_same(output_of(before, picture), output_of(after, picture));
}

TEST(InsertBatchnorm, RefusesMomentsThatCannotBe) {
  const Graph before = two_layers(anchor_free(BoxFormat::kCxcywh, 0));
  const std::vector<ValueId> values = folded_convolutions(before);
  std::vector<ChannelMoments> moments(3,
                                      {std::vector<double>(6, 0.0), std::vector<double>(6, 1.0)});
  for (double wrong : {-1.0, static_cast<double>(NAN)}) {
    moments[1].variance[2] = wrong;
    Graph graph = before;
    const Result<void> inserted = insert_batchnorm(graph, values, moments);
    ASSERT_FALSE(inserted);
    EXPECT_TRUE(same_graph(graph, before));
  }
}

TEST(OneToMany, IsACopyThatLearnsAlone) {
  const Graph before = two_layers(anchor_free(BoxFormat::kXyxy, 20));
  Graph graph = before;
  const Result<std::vector<ValueId>> detached = add_one_to_many(graph);
  ASSERT_TRUE(detached) << detached.error().message;
  ASSERT_TRUE(verify(graph));
  EXPECT_EQ(detached->size(), 3u) << "one a feature map";
  const Node *own = find_head(graph), *many = find_one_to_many(graph);
  ASSERT_TRUE(own && many && own != many);
  EXPECT_EQ(std::get<Head>(own->op).max_det, 20);
  EXPECT_EQ(std::get<Head>(many->op).max_det, 0);
  const Tensor picture = noise(Shape{1, 3, 64, 96}, 99);
  Graph maps = graph;
  maps.outputs = own->inputs;
  maps.outputs.insert(maps.outputs.end(), many->inputs.begin(), many->inputs.end());
  const Result<std::vector<Tensor>> values = evaluate_graph(maps, std::vector{picture});
  ASSERT_TRUE(values);
  for (size_t i = 0; i < own->inputs.size(); ++i) {
    EXPECT_NE(own->inputs[i], many->inputs[i]);
    EXPECT_EQ((*values)[i], (*values)[i + own->inputs.size()]);
  }
  // Weights of its own.
  ASSERT_TRUE(graph.find_value("head.w.one_to_many"));
  EXPECT_FALSE(graph.find_value("stem.w.one_to_many"));

  remove_one_to_many(graph);
  ASSERT_TRUE(verify(graph));
  EXPECT_TRUE(same_graph(graph, before));
}

TEST(OneToMany, IsForEndToEndHeadsOnly) {
  Graph graph = two_layers(anchor_free(BoxFormat::kCxcywh, 0));
  const Graph before = graph;
  const Result<std::vector<ValueId>> detached = add_one_to_many(graph);
  ASSERT_TRUE(detached);
  EXPECT_TRUE(detached->empty());
  EXPECT_TRUE(same_graph(graph, before));
}

// A head whose maps come from one layer, split: nothing of it could be copied.
TEST(OneToMany, RefusesAHeadWithoutLayersOfItsOwn) {
  Graph graph = two_layers(anchor_free(BoxFormat::kXyxy, 20));
  for (Node& node : graph.nodes)
    if (std::holds_alternative<Head>(node.op)) node.inputs[1] = node.inputs[0];
  const Graph before = graph;
  const Result<std::vector<ValueId>> detached = add_one_to_many(graph);
  ASSERT_FALSE(detached);
  EXPECT_EQ(detached.error().kind, ErrorKind::kModel);
  EXPECT_TRUE(same_graph(graph, before));
}

TEST(TrainingGraph, IsOfAFileAndGoesBack) {
  for (const int64_t max_det : {0, 20}) {
    const Head head = anchor_free(max_det > 0 ? BoxFormat::kXyxy : BoxFormat::kCxcywh, max_det);
    Graph file = two_layers(head);
    ASSERT_TRUE(run_passes(file, saving_passes()));
    const Result<TrainingGraph> training = prepare_for_training(file, 64, 96);
    ASSERT_TRUE(training) << training.error().message;
    EXPECT_EQ(training->head.head.num_classes, 3);
    EXPECT_EQ(training->head.maps.size(), 6u);
    EXPECT_EQ(training->one_to_many.has_value(), max_det > 0);
    EXPECT_EQ(training->detached.size(), max_det > 0 ? 3u : 0u);
    const Tensor picture = noise(Shape{1, 3, 64, 96}, 99);
    const Graph back = trained_graph(*training);
    ASSERT_TRUE(verify(back));
    expect_same(output_of(file, picture), output_of(back, picture));

    const Result<TrainingGraph> larger = resized(*training, 96, 128);
    ASSERT_TRUE(larger) << larger.error().message;
    const Graph& graph = larger->graph;
    EXPECT_EQ(*graph.value(graph.inputs[0]).shape, (Shape{1, 3, 96, 128}));
    EXPECT_EQ(graph.value(larger->head.maps[0]).name,
              training->graph.value(training->head.maps[0]).name);
    EXPECT_EQ(larger->one_to_many.has_value(), max_det > 0);
  }
}

TEST(TrainingGraph, ErrorsSayWhatIsMissing) {
  Graph plain;
  const ValueId x = plain.add_input("x", DType::kF32, Shape{1, 3, 32, 32});
  plain.outputs = {plain.add_node(Unary{UnaryKind::kRelu, 0, 0}, {x}, "y")};
  ASSERT_TRUE(infer_shapes(plain));
  const Result<TrainingGraph> no_head = prepare_for_training(plain, 32, 32);
  ASSERT_FALSE(no_head);
  EXPECT_NE(no_head.error().message.find("head was not recognised"), std::string::npos);
  Graph rows;
  const ValueId r = rows.add_input("x", DType::kF32, Shape{1, 3});
  rows.outputs = {rows.add_node(Unary{UnaryKind::kRelu, 0, 0}, {r}, "y")};
  ASSERT_TRUE(infer_shapes(rows));
  const Result<TrainingGraph> no_picture = prepare_for_training(rows, 32, 32);
  ASSERT_FALSE(no_picture);
  EXPECT_NE(no_picture.error().message.find("picture"), std::string::npos);
}

}  // namespace
}  // namespace shrike
