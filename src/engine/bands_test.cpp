// Convolutions band by band: the same bits as whole maps, whatever the kernels' tiles.
#include "engine/bands.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/planner.h"
#include "engine/steps/conv_bands.h"
#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;

// What one part of the map does with the windows: every row that a layer reads is in the one
// before, and each is computed once.
void expect_sound(const std::vector<BandLayer>& layers, const std::vector<int64_t>& windows,
                  const std::vector<Band>& part) {
  std::vector<Rows> held(windows.size());  // in a window
  std::vector<int64_t> next;               // the row to be computed, by layer
  for (const BandPart& first : part.front()) next.push_back(first.out.begin);
  for (size_t b = 0; b < part.size(); ++b)
    for (size_t i = 0; i < layers.size(); ++i) {
      const BandPart& own = part[b][i];
      const int64_t tile = layers[i].kernel->tile_rows(layers[i].problem);
      EXPECT_EQ(own.out.begin, next[i]);
      next[i] = own.out.end;
      EXPECT_TRUE(own.out.begin % tile == 0 || own.out.count() == 0);
      EXPECT_TRUE(own.out.end % tile == 0 || own.out.end == layers[i].problem.out_height);
      if (i < windows.size()) {
        if (own.kept.count() > 0) {
          EXPECT_LE(held[i].begin, own.kept.begin);
          EXPECT_EQ(held[i].end, own.kept.end);
          EXPECT_EQ(own.origin, own.kept.begin);
          held[i].begin = own.kept.begin;
        } else if (b == 0 || own.origin != part[b - 1][i].origin) {
          held[i].begin = own.origin;
          EXPECT_EQ(own.origin, own.out.begin);
        }
        held[i].end = own.out.end;
        EXPECT_LE(held[i].end - own.origin, windows[i]);
      }
      if (own.out.count() == 0) continue;
      EXPECT_GE(own.problem.pad_top, 0);
      EXPECT_EQ(own.problem.in_height, own.in.count());
      EXPECT_EQ(own.problem.out_height, own.out.count());
      if (i == 0) continue;
      EXPECT_LE(held[i - 1].begin, own.in.begin);
      EXPECT_GE(held[i - 1].end, own.in.end);
    }
}

// And parts cover the map.
void expect_sound(const std::vector<BandLayer>& layers, const Bands& bands) {
  ASSERT_EQ(bands.window_rows.size() + 1, layers.size());
  int64_t next = 0;
  for (const std::vector<Band>& part : bands.parts) {
    EXPECT_EQ(part.front().back().out.begin, next);
    next = part.back().back().out.end;
    expect_sound(layers, bands.window_rows, part);
  }
  EXPECT_EQ(next, layers.back().problem.out_height);
}

// Parts of the map, and bands of a part, differ by a tile of rows at most.
void expect_even(const BandLayer& last, const Bands& bands) {
  const int64_t tile = last.kernel->tile_rows(last.problem);
  const auto tiles = [&](int64_t begin, int64_t end) { return (end - begin + tile - 1) / tile; };
  const auto differ = [](const std::vector<int64_t>& sizes) {
    return *std::max_element(sizes.begin(), sizes.end()) -
           *std::min_element(sizes.begin(), sizes.end());
  };
  std::vector<int64_t> parts;
  for (const std::vector<Band>& part : bands.parts) {
    parts.push_back(tiles(part.front().back().out.begin, part.back().back().out.end));
    std::vector<int64_t> rows;
    for (const Band& band : part) rows.push_back(tiles(band.back().out.begin, band.back().out.end));
    EXPECT_LE(differ(rows), 1);
  }
  EXPECT_LE(differ(parts), 1);
}

// Chains of three convolutions; sizes, strides and kernels drawn. Large channel counts get
// Winograd's kernels, whose tiles take part where they divide the height, and some pictures
// YOLOv5's first layer, whose tiles always do. To some layers a map from elsewhere is added.
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
    const int64_t kernel = first ? 3 * up_to(2) : kKernels[random() % 5];
    const int64_t stride = kernel == 6 ? 2 : up_to(2);
    const int64_t channels_out = up_to(60);
    const Shape& in = *graph.value(x).shape;
    const bool add = kernel % 2 == 1 && random() % 3 == 0;
    const ValueId other =
        add ? graph.add_input(
                  "add" + std::to_string(i), DType::kF32,
                  Shape{images, channels_out, (in[2] - 1) / stride + 1, (in[3] - 1) / stride + 1})
            : kNoValue;
    x = add_conv(graph, x, channels_out, kernel, stride, random, 1, UnaryKind::kSilu, other);
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

// The same rows, too wide for windows of more than what the next layer reads.
std::vector<BandLayer> widened(std::vector<BandLayer> layers) {
  for (BandLayer& layer : layers) layer.problem.in_width = layer.problem.out_width = 1 << 20;
  return layers;
}

TEST(Bands, CoverWhatTheNextLayerReads) {
  int tiled = 0, smaller = 0;
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
    for (const int64_t rows : {1, 5, 16, 1000})
      for (const int64_t parts : {1, 2, 7})
        for (const int64_t grain : {int64_t{1}, rows}) {
          const Bands bands = split_into_bands(layers, rows, parts, grain);
          EXPECT_LE(static_cast<int64_t>(bands.parts.size()), parts);
          expect_sound(layers, bands);
          if (grain == 1) expect_even(layers.back(), bands);
          if (!all_by_tiles(widened(layers))) continue;
          const Bands wide = split_into_bands(widened(layers), rows, parts, grain);
          expect_sound(widened(layers), wide);
          for (size_t i = 0; i < wide.window_rows.size(); ++i)
            smaller += wide.window_rows[i] < bands.window_rows[i];
        }
  }
  EXPECT_GT(tiled, 10);
  EXPECT_GT(smaller, 100);
}

std::vector<Tensor> run_plan(const std::shared_ptr<Plan>& plan, const std::vector<Tensor>& inputs) {
  EXPECT_TRUE(plan->pack(1));
  Result<Session> session = Session::of(plan);
  EXPECT_TRUE(session);
  Result<std::vector<Tensor>> outputs = session->run(inputs);
  EXPECT_TRUE(outputs);
  return *outputs;
}

// 1x1, depthwise, 1x1, depthwise and 1x1: windows on either side of a depthwise layer.
TEST(Bands, PixelsBesideASweepAreAnOddNumberOfLinesApart) {
  for (const int64_t channels : {32, 64, 96, 48, 24}) {
    SCOPED_TRACE(channels);
    std::mt19937 random(3);
    Graph graph;
    ValueId y = graph.add_input("x", DType::kF32, Shape{1, 8, 64, 40});
    // So few inputs and outputs that no processor multiplies in pairs, of the whole map at once.
    y = add_conv(graph, y, channels, 1, 1, random);
    for (int i = 0; i < 2; ++i) y = add_conv(graph, y, channels, 3, 1, random, channels);
    graph.outputs = {add_conv(graph, y, 8, 1, 1, random)};
    ASSERT_TRUE(infer_shapes(graph));
    const Result<Draft> whole = lay_out(graph, {}, {});
    ASSERT_TRUE(whole);
    const std::vector<BandLayer> layers = layers_of(whole->convs);
    ASSERT_EQ(layers.size(), 4u);
    ASSERT_TRUE(all_by_tiles(layers));
    const Bands bands = split_into_bands(layers, 8, 2, 8);
    const BandScratch scratch(layers, bands);
    const int64_t pixel = channels % 32 == 0 ? channels + 16 : channels;
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(window_pixel(layers, i), pixel);
      const size_t end = i < 2 ? scratch.windows[i + 1] : scratch.kernel;
      EXPECT_GE(end - scratch.windows[i],
                static_cast<size_t>(bands.window_rows[i] * 40 * pixel) * sizeof(float));
    }
    const std::vector<Tensor> inputs = {testing::random_tensor(Shape{1, 8, 64, 40}, random)};
    PlanChoices choices;
    choices.bands = {{0, 1, 2, 3}};
    const Result<Draft> banded = lay_out(graph, {.threads = 2}, choices);
    ASSERT_TRUE(banded);
    EXPECT_TRUE(run_plan(banded->plan, inputs)[0] == run_plan(whole->plan, inputs)[0]);
  }
}

// Between layers that are not depthwise nothing is left out.
TEST(Bands, OtherPixelsLieBesideEachOther) {
  std::mt19937 random(3);
  Graph graph;
  ValueId y = graph.add_input("x", DType::kF32, Shape{1, 8, 64, 40});
  for (int i = 0; i < 2; ++i) y = add_conv(graph, y, 64, 1, 1, random);
  graph.outputs = {y};
  ASSERT_TRUE(infer_shapes(graph));
  const Result<Draft> draft = lay_out(graph, {}, {});
  ASSERT_TRUE(draft);
  EXPECT_EQ(window_pixel(layers_of(draft->convs), 0), 64);
}

TEST(Bands, GiveTheSameBits) {
  int checked = 0, tiled = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const Graph graph = random_chain(random);
    std::vector<Tensor> inputs;
    for (const ValueId input : graph.inputs)
      inputs.push_back(testing::random_tensor(*graph.value(input).shape, random));
    const Result<Draft> whole = lay_out(graph, {.threads = 1}, {});
    ASSERT_TRUE(whole);
    const std::vector<BandLayer> layers = layers_of(whole->convs);
    if (!all_by_tiles(layers)) continue;
    ++checked;
    for (const BandLayer& layer : layers) tiled += layer.kernel->tile_rows(layer.problem) > 1;
    const std::vector<Tensor> expected = run_plan(whole->plan, inputs);
    for (const int threads : {1, 2, 3}) {
      PlanChoices choices;
      choices.bands = {{0, 1, 2}};
      const Result<Draft> banded = lay_out(graph, {.threads = threads}, choices);
      ASSERT_TRUE(banded);
      EXPECT_TRUE(run_plan(banded->plan, inputs)[0] == expected[0]);
    }
  }
  EXPECT_GT(checked, 15);
  EXPECT_GT(tiled, 5);
}

}  // namespace
}  // namespace shrike
