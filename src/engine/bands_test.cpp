// Convolutions band by band: the same bits as whole maps, whatever the kernels' tiles.
#include "engine/bands.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/planner.h"
#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;

// Every row that a layer reads lies in what the layer before has computed, and bands cover the map.
void expect_sound(const std::vector<BandLayer>& layers,
                  const std::vector<std::vector<BandPart>>& bands) {
  int64_t next = 0;
  for (const std::vector<BandPart>& band : bands) {
    EXPECT_EQ(band.back().out.begin, next);
    next = band.back().out.end;
    for (size_t i = 0; i < layers.size(); ++i) {
      const BandPart& part = band[i];
      EXPECT_EQ(part.out.begin % layers[i].kernel->tile_rows(layers[i].problem), 0);
      EXPECT_TRUE(part.out.end % layers[i].kernel->tile_rows(layers[i].problem) == 0 ||
                  part.out.end == layers[i].problem.out_height);
      EXPECT_GE(part.problem.pad_top, 0);
      EXPECT_EQ(part.problem.in_height, part.in.count());
      EXPECT_EQ(part.problem.out_height, part.out.count());
      if (i == 0) continue;
      EXPECT_LE(band[i - 1].out.begin, part.in.begin);
      EXPECT_GE(band[i - 1].out.end, part.in.end);
    }
  }
  EXPECT_EQ(next, layers.back().problem.out_height);
}

// Chains of three convolutions; sizes, strides and kernels drawn. Large channel counts get
// Winograd's kernels, whose tiles take part where they divide the height, and some pictures
// YOLOv5's first layer, whose tiles always do.
Graph random_chain(std::mt19937& random) {
  const auto up_to = [&](int64_t most) { return 1 + static_cast<int64_t>(random()) % most; };
  Graph graph;
  const int64_t images = up_to(2), height = 4 * up_to(15), width = up_to(40);
  const bool picture = random() % 4 == 0;
  const int64_t channels = picture ? 3 : up_to(40);
  ValueId x = graph.add_input("x", DType::kF32, Shape{images, channels, height, width});
  for (int i = 0; i < 3; ++i) {
    constexpr int64_t kKernels[] = {1, 3, 3, 3, 5};
    const bool first = picture && i == 0;
    const int64_t kernel = first ? 6 : kKernels[random() % 5], stride = first ? 2 : up_to(2);
    const int64_t channels_out = up_to(60);
    x = add_conv(graph, x, channels_out, kernel, stride, random, 1, UnaryKind::kSilu);
  }
  graph.outputs = {x};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

std::vector<BandLayer> layers_of(const std::vector<ConvNote>& convs) {
  std::vector<BandLayer> layers;
  for (const ConvNote& conv : convs) {
    const auto& problem = std::get<kernels::ConvProblem>(conv.problem);
    layers.push_back({problem, kernels::select_kernel(kernels::conv_kernels(), problem).kernel});
  }
  return layers;
}

// Others cannot be in bands.
bool all_by_tiles(const std::vector<BandLayer>& layers) {
  return std::all_of(layers.begin(), layers.end(), [](const BandLayer& layer) {
    return layer.kernel->tile_rows(layer.problem) > 0;
  });
}

TEST(Bands, CoverWhatTheNextLayerReads) {
  int tiled = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const Graph graph = random_chain(random);
    const Result<Draft> draft = lay_out(graph, {}, {});
    ASSERT_TRUE(draft);
    const std::vector<BandLayer> layers = layers_of(draft->convs);
    ASSERT_EQ(layers.size(), 3u);
    if (!all_by_tiles(layers)) continue;
    for (const BandLayer& layer : layers) tiled += layer.kernel->tile_rows(layer.problem) > 1;
    for (int64_t rows : {1, 5, 16, 1000}) expect_sound(layers, split_into_bands(layers, rows));
  }
  EXPECT_GT(tiled, 10);
}

std::vector<Tensor> run_plan(const std::shared_ptr<Plan>& plan, const std::vector<Tensor>& inputs) {
  EXPECT_TRUE(plan->pack(1));
  Result<Session> session = Session::of(plan);
  EXPECT_TRUE(session);
  Result<std::vector<Tensor>> outputs = session->run(inputs);
  EXPECT_TRUE(outputs);
  return *outputs;
}

TEST(Bands, GiveTheSameBits) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const Graph graph = random_chain(random);
    const std::vector<Tensor> inputs{
        testing::random_tensor(*graph.value(graph.inputs[0]).shape, random)};
    const Result<Draft> whole = lay_out(graph, {.threads = 1}, {});
    ASSERT_TRUE(whole);
    if (!all_by_tiles(layers_of(whole->convs))) continue;
    const std::vector<Tensor> expected = run_plan(whole->plan, inputs);
    for (int threads : {1, 3}) {
      PlanChoices choices;
      choices.bands = {{0, 1, 2}};
      const Result<Draft> banded = lay_out(graph, {.threads = threads}, choices);
      ASSERT_TRUE(banded);
      EXPECT_TRUE(run_plan(banded->plan, inputs)[0] == expected[0]);
    }
  }
}

}  // namespace
}  // namespace shrike
