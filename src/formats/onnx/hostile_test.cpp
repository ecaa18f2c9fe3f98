// Damaged and malicious files: never a crash, and an error wherever damage can be seen.
#include <gtest/gtest.h>

#include <random>

#include "formats/onnx/test_model.h"
#include "formats/onnx_writer.h"

namespace shrike::onnx {
namespace {

// A model with weights, metadata and several kinds of attribute.
Graph small_model() {
  Graph g;
  g.name = "small";
  g.metadata = {{"names", "{0: 'a'}"}, {"stride", "32"}};
  const ValueId x = g.add_input("images", DType::kF32, Shape{1, 2, 4, 4});
  Tensor weights(DType::kF32, Shape{2, 2, 3, 3});
  for (float& w : weights.mutable_data<float>()) w = 0.5f;
  const ValueId w = g.add_constant("w", std::move(weights));
  Conv conv;
  conv.pads = {1, 1, 1, 1};
  const ValueId y = g.add_node(conv, {x, w}, "y");
  const ValueId z = g.add_node(Unary{UnaryKind::kLeakyRelu, 0.1f}, {y}, "z");
  const ValueId to = g.add_constant("to", int64s({1, -1}));
  g.outputs = {g.add_node(Reshape{}, {z, to}, "flat")};
  for (ValueId id : {y, z, g.outputs[0]}) g.value(id).dtype = DType::kF32;
  return g;
}

std::string small_bytes() {
  const Result<std::string> bytes = write_onnx(small_model());
  EXPECT_TRUE(bytes) << bytes.error().message;
  return *bytes;
}

Result<Graph> read(std::string_view bytes) {
  // A copy of exactly this size, so that a sanitizer sees reads past the end.
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return read_onnx(std::as_bytes(std::span(copy)), nullptr, "test.onnx");
}

TEST(OnnxHostile, EveryTruncationIsAnError) {
  const std::string bytes = small_bytes();
  ASSERT_TRUE(read(bytes));
  for (size_t length = 0; length < bytes.size(); ++length) {
    const Result<Graph> graph = read(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(graph) << length;
    EXPECT_EQ(graph.error().kind, ErrorKind::kModel);
    EXPECT_NE(graph.error().message.find("test.onnx"), std::string::npos);
  }
}

TEST(OnnxHostile, ChangedBytesNeverCrash) {
  const std::string bytes = small_bytes();
  const unsigned seed = 20240607;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = bytes;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; ++i)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    (void)read(damaged);
  }
}

TEST(OnnxHostile, EveryByteAtItsExtremes) {
  const std::string bytes = small_bytes();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const char value : {'\x00', '\x7f', '\x80', '\xff'}) {
      std::string damaged = bytes;
      damaged[i] = value;
      (void)read(damaged);
    }
  }
}

TEST(OnnxHostile, OtherFilesAreErrors) {
  for (const std::string text :
       {"PK\x03\x04zip", "hello world, this is no model", "\xff\xff\xff", "[net]\nwidth=1\n"}) {
    const Result<Graph> graph = read(text);
    ASSERT_FALSE(graph);
    EXPECT_NE(graph.error().message.find("test.onnx"), std::string::npos);
  }
  EXPECT_FALSE(read(std::string(1000, '\0')));
}

// Fields with another wire type than theirs.
TEST(OnnxHostile, WrongWireTypes) {
  for (const uint32_t tag : {model::kGraph, model::kOpsetImport, model::kMetadata}) {
    std::string bytes;
    protozero::pbf_writer(bytes).add_int64(tag, 7);
    EXPECT_FALSE(read(bytes));
  }
  for (const uint32_t tag : {graph::kNode, graph::kName, graph::kInitializer, graph::kInput}) {
    std::string inner;
    protozero::pbf_writer(inner).add_double(tag, 7);
    std::string bytes;
    protozero::pbf_writer(bytes).add_message(model::kGraph, inner);
    EXPECT_FALSE(read(bytes));
  }
}

TEST(OnnxHostile, SubgraphsAreRefused) {
  std::string attribute, node;
  {
    protozero::pbf_writer writer(attribute);
    writer.add_string(attribute::kName, "body");
    writer.add_enum(attribute::kType, static_cast<int32_t>(AttributeType::kGraph));
    writer.add_message(attribute::kGraph, std::string());
  }
  {
    protozero::pbf_writer writer(node);
    writer.add_string(node::kOutput, "y");
    writer.add_string(node::kOpType, "Loop");
    writer.add_message(node::kAttribute, attribute);
  }
  TestModel model(17);
  model.graph_bytes(graph::kNode, node).output("y");
  EXPECT_NE(model.error().find("'Loop'"), std::string::npos);
}

// Sizes that a few bytes claim must not be allocated.
TEST(OnnxHostile, HugeClaimsAreErrors) {
  const int64_t huge = int64_t{1} << 47;
  std::string tensor;
  protozero::pbf_writer writer(tensor);
  writer.add_int64(tensor::kDims, huge);
  writer.add_int32(tensor::kDataType, 1);
  writer.add_string(tensor::kName, "w");
  EXPECT_NE(TestModel(17).tensor_bytes(tensor).output("w").error(), "");
  TestModel expand(17);
  expand.input("x", {1}).constant("to", int64s({huge, huge}));
  expand.node("Expand", {"x", "to"}).output("y");
  EXPECT_NE(expand.error().find("the_Expand"), std::string::npos);
}

// A node of many inputs becomes many nodes, each with the names of the one.
TEST(OnnxHostile, LongNamesAreNotMultiplied) {
  const std::string name(100'000, 'n');
  TestModel model(13);
  model.input("x", {1}).node("Sum", std::vector<std::string>(50'000, "x"), {}, {name});
  EXPECT_NE(model.output(name).error().find("Sum node 'the_Sum': 50000 inputs"), std::string::npos);
}

// Whatever the file calls its parts, the message stays one that can be read.
TEST(OnnxHostile, NamesOfAnyLengthMakeShortMessages) {
  const std::string name(1'000'000, 'n');
  const std::string line = "a\n" + name;
  const auto message = [](const TestModel& model) {
    const Result<Graph> graph = model.read();
    EXPECT_FALSE(graph);
    return graph ? "" : graph.error().message;
  };
  const auto model = [] { return TestModel(17).input("x", Shape{1, 2}).output("y"); };
  const std::string messages[] = {
      message(model().node(OutNode{name, "n", {"x"}, {"y"}, {}})),
      message(model().node(OutNode{"Relu", line, {name}, {"y"}, {}})),
      message(model().node(OutNode{"MatMul", line, {"x", "x"}, {"y"}, {}})),
      message(model().node(OutNode{"Relu", "n", {"x"}, {"y"}, {{line, int64_t{1}}}})),
  };
  for (const std::string& text : messages) {
    EXPECT_LT(text.size(), 2000u);
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_NE(text.find("bytes)..."), std::string::npos) << text;
  }
}

TEST(OnnxHostile, NodesWithoutANameAreToldByTheirPlace) {
  const auto message = [](const OutNode& node) {
    const Result<Graph> graph = TestModel(17)
                                    .input("x", Shape{1, 2})
                                    .output("y")
                                    .node("Relu", {"x"}, {}, {"z"})
                                    .node(node)
                                    .read();
    EXPECT_FALSE(graph);
    return graph ? "" : graph.error().message;
  };
  const auto holds = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(text.find("''"), std::string::npos) << text;
  };
  holds(message({"MatMul", "", {"x", "z"}, {"y"}, {}}), "node[1]: MatMul node of value 'y': ");
  holds(message({"Nothing", "", {"x"}, {"y"}, {}}), "node[1]: operator 'Nothing' is not supported");
  holds(message({"Relu", "", {"q"}, {"y"}, {}}), "node[1]: Relu node without a name reads 'q'");
  holds(message({"Relu", "", {"y"}, {"y"}, {}}), "node[1]: the nodes form a cycle");
  holds(message({"Relu", "", {"x"}, {}, {}}), "node[1]: Relu node without a name has no outputs");
}

}  // namespace
}  // namespace shrike::onnx
