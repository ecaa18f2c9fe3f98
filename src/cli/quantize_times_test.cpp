#include "cli/quantize_times.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "pull/test_folder.h"
#include "ir/text.h"

namespace shrike {
namespace {

// Two convolutions of one name, as files may have them.
Graph two_of_a_name() {
  Result<Graph> graph = parse_graph(
      "input %x: f32[1,1,4,4]\nconst %w: f32[2,1,1,1] = [1,2]\nconst %v: f32[1,2,1,1] = [1,2]\n"
      "%y: f32[1,2,4,4] = Conv(%x, %w)\n%z: f32[1,1,4,4] = Conv(%y, %v)\noutput %z\n",
      "test");
  EXPECT_TRUE(graph) << graph.error().message;
  for (Node& node : graph->nodes) node.name = "conv";
  return std::move(*graph);
}

class TimesTableTest : public ::testing::Test {
 protected:
  Result<TimesTable> read(const std::string& layers) {
    EXPECT_TRUE(write_file(path_, "{\"layers\": [" + layers + "]}"));
    return read_times_table(path_, graph_);
  }

  const Graph graph_ = two_of_a_name();

 private:
  TestFolder folder_;
  std::filesystem::path path_ = folder_.path() / "times.json";
};

std::string row(int ms) {
  return R"({"name": "conv", "products": 32, "ms": {"int8": )" + std::to_string(ms) +
         R"(, "int16": 8, "float": 9}})";
}

TEST_F(TimesTableTest, LayersOfOneNameTakeItsRowsInTurn) {
  const Result<TimesTable> table = read(row(3) + ", " + row(5));
  ASSERT_TRUE(table) << table.error().message;
  const Result<MixedTimes> times = times_of(graph_, *table);
  ASSERT_TRUE(times) << times.error().message;
  EXPECT_EQ(times->layers.at(graph_.nodes[0].outputs[0])[0], 3);
  EXPECT_EQ(times->layers.at(graph_.nodes[1].outputs[0])[0], 5);
}

TEST_F(TimesTableTest, ARowOfANameIsOfOneLayer) {
  const Result<TimesTable> table = read(row(3));
  ASSERT_FALSE(table);
  EXPECT_NE(table.error().message.find("no times of the layer 'conv'"), std::string::npos)
      << table.error().message;
}

}  // namespace
}  // namespace shrike
