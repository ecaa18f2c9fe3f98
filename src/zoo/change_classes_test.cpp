// Networks for other classes keep all that is not about classes.
#include "zoo/change_classes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ir/infer.h"
#include "ir/verify.h"
#include "zoo/head_rows.h"
#include "zoo/scratch.h"

namespace shrike::zoo {
namespace {

Graph model(const char* name, int64_t classes, uint64_t seed = 1) {
  ScratchOptions options;
  options.classes = classes;
  options.size = {{64, 64}};
  options.seed = seed;
  Result<Graph> graph = scratch_model(name, options);
  EXPECT_TRUE(graph) << graph.error().message;
  return *std::move(graph);
}

// YOLOX has no built-in family: its head over one layer a map.
Graph yolox(int64_t classes) {
  Graph graph;
  const ValueId x = graph.add_input("images", DType::kF32, Shape{1, 3, 64, 64});
  Head head;
  head.kind = HeadKind::kYolox;
  head.num_classes = classes;
  head.strides = {8};
  std::vector<ValueId> maps;
  for (const int64_t channels : {int64_t{4}, int64_t{1}, classes}) {
    Conv conv;
    conv.strides = {8, 8};
    const ValueId w = graph.add_constant("w", Tensor(DType::kF32, Shape{channels, 3, 8, 8})),
                  b = graph.add_constant("b", Tensor(DType::kF32, Shape{channels}));
    maps.push_back(graph.add_node(conv, {x, w, b}, "map"));
  }
  graph.outputs = {graph.add_node(head, maps, "output0")};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

std::span<const float> row(const Tensor& t, size_t r) {
  const size_t size = static_cast<size_t>(t.size() / t.shape()[0]);
  return t.data<float>().subspan(r * size, size);
}

bool same(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void expect_rows_kept(const Graph& before, const Graph& after) {
  std::vector<Predictor> old, fresh;
  for_each_predictor(before, [&](const Predictor& p) { old.push_back(p); });
  for_each_predictor(after, [&](const Predictor& p) { fresh.push_back(p); });
  ASSERT_EQ(old.size(), fresh.size());
  for (size_t i = 0; i < old.size(); ++i)
    for (const bool bias : {false, true}) {
      const Tensor &a = *before.constant(bias ? old[i].bias : old[i].weights),
                   &b = *after.constant(bias ? fresh[i].bias : fresh[i].weights);
      size_t kept = 0;
      for (size_t r = 0; r < static_cast<size_t>(b.shape()[0]); ++r) {
        if (fresh[i].row(r) == HeadRow::kClass) continue;
        while (old[i].row(kept) == HeadRow::kClass) ++kept;
        EXPECT_TRUE(same(row(a, kept++), row(b, r))) << i << " " << r;
      }
    }
}

TEST(ChangeClasses, KeepsWhatIsNotAboutClasses) {
  for (const char* name : {"yolov8n", "yolov5n", "yolov3-tiny", "yolo11n"})
    for (const int64_t classes : {1, 3, 200}) {
      const Graph before = model(name, 80);
      Graph after = before;
      after.metadata["names"] = "{0: 'cat'}";
      const Result<void> changed = change_classes(after, classes, 7);
      ASSERT_TRUE(changed) << changed.error().message;
      const Result<void> sound = verify(after);
      ASSERT_TRUE(sound) << sound.error().message;
      EXPECT_FALSE(after.metadata.contains("names"));
      EXPECT_EQ(std::get<Head>(after.nodes.back().op).num_classes, classes);
      expect_rows_kept(before, after);
      // All else is as it was.
      std::set<ValueId> predictors;
      for_each_predictor(before, [&](const Predictor& p) {
        predictors.insert({p.weights, p.bias});
      });
      for (size_t v = 0; v < before.values.size(); ++v)
        if (before.values[v].constant && !predictors.contains(static_cast<ValueId>(v))) {
          EXPECT_EQ(*before.values[v].constant, *after.values[v].constant);
        }
    }
}

TEST(ChangeClasses, NewRowsAreFirstWeights) {
  const Graph before = yolox(80);
  Graph after = before;
  ASSERT_TRUE(change_classes(after, 3, 7));
  expect_rows_kept(before, after);
  for_each_predictor(after, [&](const Predictor& p) {
    if (p.map != 2) return;
    for (const float bias : after.constant(p.bias)->data<float>())
      EXPECT_FLOAT_EQ(bias, -std::log(99.0f));
    for (const float weight : after.constant(p.weights)->data<float>()) EXPECT_NE(weight, 0);
  });
}

TEST(ChangeClasses, WithoutAHeadIsAnError) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 8, 8});
  graph.outputs = {graph.add_node(Unary{}, {x}, "y")};
  ASSERT_TRUE(infer_shapes(graph));
  const Result<void> changed = change_classes(graph, 3, 7);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().kind, ErrorKind::kModel);
}

}  // namespace
}  // namespace shrike::zoo
