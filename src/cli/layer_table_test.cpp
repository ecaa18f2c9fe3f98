#include "cli/layer_table.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "ir/infer.h"
#include "pull/test_folder.h"

namespace shrike {
namespace {

// A network of two layers, and a timer that counts what it is asked.
struct Layers {
  Layers() {
    ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 8, 8});
    for (const int64_t in : {3, 16})
      x = graph.add_node(
          Conv{}, {x, graph.add_constant("w", Tensor(DType::kF32, Shape{16, in, 1, 1}))}, "y");
    graph.outputs = {x};
    EXPECT_TRUE(infer_shapes(graph));
  }

  // How many nodes were measured.
  size_t measure(const Result<std::filesystem::path>& file, const std::string& program) {
    const Channels channels = Channels::of(graph);
    const auto groups = channel_groups(graph, channels);
    TimeModel model(graph, channels, groups, {});
    size_t nodes = 0;
    const auto timer = [&](const Graph& samples) -> Result<std::vector<double>> {
      nodes += samples.nodes.size();
      return std::vector<double>(samples.nodes.size(), 2.0);
    };
    EXPECT_TRUE(measure_and_keep(model, timer, file, program, {}));
    EXPECT_DOUBLE_EQ(model.ms(std::vector<size_t>(groups.size(), 0)), 4.0);
    return nodes;
  }

  Graph graph;
};

TEST(LayerTable, IsMeasuredOnceByEachBuild) {
  const TestFolder folder;
  const std::filesystem::path file = folder.path() / "layers/cpu.json";
  Layers layers;
  EXPECT_GT(layers.measure(file, "build"), 2u);
  EXPECT_EQ(layers.measure(file, "build"), 0u);
  EXPECT_GT(layers.measure(file, "another"), 2u);
}

TEST(LayerTable, DamageIsMeasuredAgain) {
  const TestFolder folder;
  const std::filesystem::path file = folder.path() / "cpu.json";
  Layers layers;
  const size_t all = layers.measure(file, "b");
  const std::string whole = *read_text(file, ErrorKind::kInput);
  for (const std::string& text :
       {whole.substr(0, whole.size() / 2), std::string("{}"), std::string()}) {
    ASSERT_TRUE(write_file(file, text));
    EXPECT_EQ(layers.measure(file, "b"), all);
    EXPECT_EQ(layers.measure(file, "b"), 0u);
  }
}

TEST(LayerTable, WithoutACacheItIsMeasuredEachTime) {
  Layers layers;
  EXPECT_GT(layers.measure(runtime_error("no home"), "b"), 2u);
  EXPECT_GT(layers.measure(runtime_error("no home"), "b"), 2u);
}

}  // namespace
}  // namespace shrike
