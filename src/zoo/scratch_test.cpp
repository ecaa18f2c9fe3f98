// Random first weights: the same for a seed, with the spread and the priors that they should have.
#include "zoo/scratch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "formats/test_folder.h"
#include "ir/verify.h"
#include "zoo/families.h"
#include "zoo/head_rows.h"

namespace shrike::zoo {
namespace {

Result<Graph> made(const std::string& name, uint64_t seed, int64_t classes = 3) {
  ScratchOptions options;
  options.classes = classes;
  options.seed = seed;
  options.size = {{64, 64}};
  return scratch_model(name, options);
}

TEST(Scratch, IsTheSameForASeed) {
  const Result<Graph> a = made("yolov8n", 5), b = made("yolov8n", 5), c = made("yolov8n", 6);
  ASSERT_TRUE(a && b && c);
  EXPECT_TRUE(same_graph(*a, *b));
  EXPECT_FALSE(same_graph(*a, *c));
}

// The mean square of an even distribution in (-m, m) is m^2 / 3.
TEST(Scratch, WeightsAreEvenWithinTheirBound) {
  const Result<Graph> graph = made("yolov8n", 5);
  ASSERT_TRUE(graph);
  for (const Node& node : graph->nodes) {
    if (!std::holds_alternative<Conv>(node.op)) continue;
    const Tensor& weights = *graph->constant(node.inputs[1]);
    const Shape& shape = weights.shape();
    const double bound = 1 / std::sqrt(static_cast<double>(shape[1] * shape[2] * shape[3]));
    double squares = 0;
    for (const float w : weights.data<float>()) {
      EXPECT_LE(std::abs(static_cast<double>(w)), bound * (1 + 1e-6));
      squares += static_cast<double>(w) * static_cast<double>(w);
    }
    const auto n = static_cast<double>(weights.size());
    EXPECT_NEAR(squares / n, bound * bound / 3, 5 * bound * bound * 0.3 / std::sqrt(n));
  }
}

TEST(Scratch, HeadsStartFromWhatIsLikely) {
  const Result<Graph> v8 = made("yolov8n", 5), v5 = made("yolov5n", 5);
  ASSERT_TRUE(v8 && v5);
  for_each_predictor(*v8, [&](const Predictor& p) {
    const std::span<const float> bias = v8->constant(p.bias)->data<float>();
    const double cells = std::pow(640.0 / static_cast<double>(p.head.strides[p.scale]), 2);
    for (const float b : bias) EXPECT_NEAR(b, p.map == 0 ? 1 : std::log(5 / 3.0 / cells), 1e-5);
  });
  for_each_predictor(*v5, [&](const Predictor& p) {
    const std::span<const float> bias = v5->constant(p.bias)->data<float>();
    const double cells = std::pow(640.0 / static_cast<double>(p.head.strides[p.scale]), 2);
    for (size_t i = 0; i < bias.size(); ++i) {
      if (p.row(i) == HeadRow::kObjectness) {
        EXPECT_NEAR(bias[i], std::log(8 / cells), 1e-5);
      }
      if (p.row(i) == HeadRow::kClass) {
        EXPECT_NEAR(bias[i], std::log(0.6 / 2.00001), 1e-5);
      }
    }
  });
}

constexpr const char* kCfg =
    "[net]\nwidth=64\nheight=32\nchannels=3\n[convolutional]\nbatch_normalize=1\nfilters=8\nsize="
    "3\n"
    "stride=2\npad=1\nactivation=leaky\n[convolutional]\nfilters=21\nsize=1\nstride=1\npad=1\n"
    "activation=linear\n[yolo]\nmask=0,1,2\nanchors=10,14,23,27,37,58\nclasses=2\nnum=3\n";

TEST(Scratch, TakesDarknetsFilesWithoutWeights) {
  const TestFolder folder;
  const std::filesystem::path cfg = folder.path() / "small.cfg";
  ASSERT_TRUE(write_file(cfg, kCfg));
  ScratchOptions options;
  options.classes = 5;
  const Result<Graph> graph = scratch_model(cfg.string(), options);
  ASSERT_TRUE(graph) << graph.error().message;
  const Result<void> sound = verify(*graph);
  EXPECT_TRUE(sound) << sound.error().message;
  EXPECT_EQ(*graph->value(graph->outputs[0]).shape, (Shape{1, 3 * 16 * 32, 10}));
  for (const Node& node : graph->nodes)
    if (std::holds_alternative<BatchNorm>(node.op)) {
      EXPECT_EQ(graph->constant(node.inputs[4])->data<float>()[0], 1) << "the variance";
    }
  options.size = {{64, 64}};
  const Result<Graph> another = scratch_model(cfg.string(), options);
  ASSERT_FALSE(another);
  EXPECT_EQ(another.error().kind, ErrorKind::kUsage);
}

TEST(Scratch, UnknownNamesAreToldTheKnownOnes) {
  const Result<Graph> graph = made("yolov8q", 1);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().kind, ErrorKind::kUsage);
  for (const std::string& name : family_names())
    EXPECT_NE(graph.error().message.find(name), std::string::npos) << graph.error().message;
  EXPECT_FALSE(made("missing.cfg", 1));
}

}  // namespace
}  // namespace shrike::zoo
