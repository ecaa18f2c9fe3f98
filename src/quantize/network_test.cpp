#include "quantize/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "ir/infer.h"
#include "ir/text.h"
#include "passes/lift_head.h"
#include "passes/pipeline.h"

namespace shrike {
namespace {

// Cells of stride 16 and 32 that see nothing, behind a convolution with an activation.
Graph detector() {
  const auto map = [](const std::string& name, int kernel, int channels) {
    const std::string k = std::to_string(kernel), c = std::to_string(channels);
    const std::string zeros(static_cast<size_t>(channels * 3 * kernel * kernel * 8), '0');
    return "const %w" + name + ": f32[" + c + ",3," + k + "," + k + "] = hex\"" + zeros + "\"\n%" +
           name + ": ? = Conv(%y, %w" + name + ") strides=[" + k + "," + k + "]\n";
  };
  Result<Graph> graph = parse_graph(
      "input %x: f32[1,3,32,64]\nconst %w: f32[3,3,1,1] = [1,0,0,0,1,0,0,0,1]\n"
      "%c: ? = Conv(%x, %w)\n%s: ? = Sigmoid(%c)\n%y: ? = Mul(%c, %s)\n" +
          map("b16", 16, 4) + map("c16", 16, 2) + map("b32", 32, 4) + map("c32", 32, 2) +
          "%output0: ? = Head(%b16, %c16, %b32, %c32) kind=anchor_free num_classes=2 "
          "strides=[16,32] reg_max=1 box_format=xyxy max_det=300\noutput %output0\n",
      "test");
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(infer_shapes(*graph));
  EXPECT_TRUE(run_passes(*graph, saving_passes()));
  return *graph;
}

TEST(NetworkToQuantize, FusedWithItsHeadAndBack) {
  const Result<Graph> network = network_to_quantize(detector());
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_NE(find_head(*network), nullptr);
  const auto fused = [](const Node& node) {
    const Conv* conv = std::get_if<Conv>(&node.op);
    return conv && conv->activation == UnaryKind::kSilu;
  };
  EXPECT_EQ(std::count_if(network->nodes.begin(), network->nodes.end(), fused), 1);
  const Result<Graph> saved = network_to_save(*network);
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(find_head(*saved), nullptr);
  EXPECT_EQ(saved->value(saved->outputs[0]).name, "output0");
}

TEST(NetworkToQuantize, RefusesWeightsThatAreNoNumbers) {
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Graph graph = detector();
    for (Node& node : graph.nodes)
      if (std::holds_alternative<Conv>(node.op) && graph.value(node.outputs[0]).name == "b32")
        graph.value(node.inputs[1]).constant->mutable_data<float>()[7] = wrong;
    const Result<Graph> network = network_to_quantize(graph);
    ASSERT_FALSE(network);
    EXPECT_EQ(network.error().kind, ErrorKind::kModel);
    EXPECT_NE(network.error().message.find("b32"), std::string::npos) << network.error().message;
    EXPECT_NE(network.error().message.find("finite"), std::string::npos);
  }
}

TEST(NetworkToQuantize, RefusesWhatIsQuantisedOrHasNoHead) {
  Graph graph = detector();
  const ValueId x = graph.inputs[0];
  const ValueId scale = graph.add_constant("scale", Tensor::scalar(1.0f));
  const ValueId zero = graph.add_constant("zero", Tensor::scalar(uint8_t{0}));
  graph.add_node(QuantizeLinear{}, {x, scale, zero}, "q");
  const Result<Graph> again = network_to_quantize(graph);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kModel);
  EXPECT_NE(again.error().message.find("quantised already"), std::string::npos);

  const Result<Graph> plain =
      parse_graph("input %x: f32[1,3,4,4]\n%y: ? = Relu(%x)\noutput %y\n", "test");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(network_to_quantize(*plain));
}

}  // namespace
}  // namespace shrike
