#include "detect/network.h"

#include <gtest/gtest.h>

#include "detect/names.h"
#include "ir/infer.h"
#include "ir/text.h"

namespace shrike {
namespace {

// A model whose one output has `shape`, made from a picture of element type `dtype`.
Graph model(const std::string& dtype, const std::string& shape) {
  Result<Graph> graph = parse_graph("input %images: " + dtype +
                                        "[1,3,8,8]\n"
                                        "%f: ? = Cast(%images) to=f32\n"
                                        "const %axes: i64[3] = [1,2,3]\n"
                                        "%m: ? = ReduceMean(%f, %axes) keepdims=0\n"
                                        "const %shape: i64[3] = [" +
                                        shape +
                                        "]\n"
                                        "%output0: ? = Expand(%m, %shape)\noutput %output0\n",
                                    "test");
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(infer_shapes(*graph));
  return *graph;
}

std::string refusal(Graph graph) {
  const Result<Network> network = make_network(std::move(graph), {});
  return network ? "" : network.error().message;
}

TEST(Network, PicturesAreFloats) {
  EXPECT_NE(refusal(model("u8", "1,84,100")).find("u8"), std::string::npos);
  EXPECT_EQ(refusal(model("f32", "1,84,100")), "");
  EXPECT_EQ(refusal(model("f16", "1,84,100")), "");
}

TEST(Network, SidesAreThoseOfPictures) {
  // 2^32 + 8 must not become 8 on the way.
  for (const int64_t side : {int64_t{0}, int64_t{65'537}, (int64_t{1} << 32) + 8}) {
    Graph graph = model("f32", "1,84,100");
    graph.value(graph.inputs[0]).shape = Shape{1, 3, 8, side};
    EXPECT_NE(refusal(graph).find("sides are 1 to"), std::string::npos) << side;
  }
}

TEST(Network, ClassesAreLimited) {
  EXPECT_EQ(refusal(model("f32", "1,100004,200000")), "");
  EXPECT_NE(refusal(model("f32", "1,100005,200000")).find("100001 classes"), std::string::npos);
}

TEST(Network, TheOnlyLayoutThatFitsIsTaken) {
  EXPECT_EQ(make_network(model("f32", "1,84,100"), {})->layout, OutputLayout::kV8);
  EXPECT_EQ(make_network(model("f32", "1,100,85"), {})->layout, OutputLayout::kV5);
  EXPECT_EQ(make_network(model("f32", "1,84,100"), {})->classes, 80);
}

TEST(Network, WhereTwoFitTheErrorNamesTheOption) {
  EXPECT_NE(refusal(model("f32", "1,300,6")).find("--layout"), std::string::npos);
  LoadOptions options;
  options.layout = OutputLayout::kEndToEnd;
  EXPECT_EQ(make_network(model("f32", "1,300,6"), options)->layout, OutputLayout::kEndToEnd);
  Graph named = model("f32", "1,300,6");
  named.metadata["names"] = "{0: 'a', 1: 'b'}";
  EXPECT_EQ(make_network(named, {})->layout, OutputLayout::kEndToEnd);
}

TEST(Network, TheCallersNamesCountTheClassesOfEndToEndRows) {
  LoadOptions options;
  options.layout = OutputLayout::kEndToEnd;
  EXPECT_EQ(make_network(model("f32", "1,300,6"), options)->classes, 80);
  options.names = {"one", "two", "three"};
  EXPECT_EQ(make_network(model("f32", "1,300,6"), options)->classes, 3);
}

TEST(Network, ASizeIsAMultipleOfTheStride) {
  Graph dynamic = model("f32", "1,84,100");
  dynamic.metadata["stride"] = "[2, 4]";
  Shape& shape = *dynamic.value(dynamic.inputs[0]).shape;
  shape[2] = shape[3] = kDynamic;
  LoadOptions options;
  options.imgsz = {12, 10};
  const Result<Network> wrong = make_network(dynamic, options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(wrong.error().message, "imgsz 12x10 is not a multiple of the model's stride 4");
  options.imgsz = {12, 4};
  EXPECT_TRUE(make_network(dynamic, options));
  shape[3] = 10;
  options.imgsz = {12, 10};
  EXPECT_TRUE(make_network(dynamic, options)) << "10 is what the file says itself";
}

TEST(ClassNames, FromTheCallerTheModelCocoOrNumbers) {
  Graph graph;
  EXPECT_FALSE(class_names(graph, 3, {"one", "two"}));
  EXPECT_EQ(class_names(graph, 80, {})->names[16], "dog");
  EXPECT_FALSE(class_names(graph, 80, {})->known);
  EXPECT_EQ(class_names(graph, 2, {})->names[1], "class 1");
  graph.metadata["names"] = "{0: 'cell', 1: 'plate'}";
  EXPECT_EQ(class_names(graph, 2, {})->names[1], "plate");
  EXPECT_EQ(class_names(graph, 2, {"x", "y"})->names[1], "y");
}

}  // namespace
}  // namespace shrike
