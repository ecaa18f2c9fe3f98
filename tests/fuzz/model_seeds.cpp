// Models small enough that most bytes matter: every operator, every kind of head.
#include <sstream>

#include "darknet_net.h"
#include "formats/onnx/test_graph_texts.h"
#include "formats/onnx_writer.h"
#include "harness.h"
#include "ir/infer.h"
#include "ir/text.h"
#include "passes/pipeline.h"
#include "seeds.h"

namespace shrike::fuzz {

namespace {

// A text without the types of node outputs, completed: "%y = Relu(%x)" or "%y: ? = Relu(%x)".
Graph graph_of(const std::string& text) {
  std::istringstream lines(text);
  std::string full;
  for (std::string line; std::getline(lines, line);) {
    const size_t outputs = line.starts_with('%') ? line.find(" = ") : std::string::npos;
    for (size_t i = 0; i < line.size(); ++i) {
      if (outputs != std::string::npos && (i == outputs || (i < outputs && line[i] == ',')))
        full += ": ?";
      full += line[i];
    }
    full += '\n';
  }
  Result<Graph> graph = parse_graph(full, "seed");
  require(!!graph, graph ? "" : "a seed's text is sound: " + graph.error().message);
  const Result<void> inferred = infer_shapes(*graph);
  require(!!inferred, inferred ? "" : "a seed is sound: " + inferred.error().message);
  return *std::move(graph);
}

// Raw maps by one convolution each, of a 32x32 picture, and the head that reads them.
std::string head_text(const std::vector<int>& channels, const std::string& head,
                      const std::string& behind = "output %output0\n") {
  std::string text =
      "meta \"names\" \"{0: 'cat', 1: 'dog', 2: 'cow'}\"\nmeta \"stride\" \"16\"\n"
      "input %images: f32[1,3,32,32]\n";
  std::string nodes, maps;
  for (size_t i = 0; i < channels.size(); ++i) {
    const std::string n = std::to_string(i), stride = i < channels.size() / 2 ? "8,8" : "16,16";
    text += "const %w" + n + ": f32[" + std::to_string(channels[i]) + ",3,1,1] = hex\"";
    for (int k = 0; k < channels[i] * 3; ++k) text += k % 2 ? "0000803e" : "000000be";
    text += "\"\n";
    nodes += "%map" + n + " = Conv(%images, %w" + n + ") strides=[" + stride + "]\n";
    maps += (i == 0 ? "%map" : ", %map") + n;
  }
  return text + nodes + "%output0 = Head(" + maps + ") " + head + "\n" + behind;
}

std::vector<std::string> head_texts() {
  const std::string free = "kind=anchor_free num_classes=3 reg_max=4 strides=[8,16]";
  const std::string anchors = "num_classes=2 strides=[8,16] anchors=[10,13,33,23,62,45,59,119]";
  const std::string nms =
      "const %zero: i64[1] = [0]\nconst %four: i64[1] = [4]\nconst %end: i64[1] = [7]\n"
      "const %one: i64[1] = [1]\nconst %most: i64[] = [9]\nconst %iou: f32[1] = [0.5]\n"
      "%b = Slice(%output0, %zero, %four, %one)\n%boxes = Transpose(%b) perm=[0,2,1]\n"
      "%scores = Slice(%output0, %four, %end, %one)\n"
      "%kept = NonMaxSuppression(%boxes, %scores, %most, %iou) center_point_box=1\n"
      "output %kept\n";
  return {head_text({16, 3, 16, 3}, free),
          head_text({16, 3, 16, 3}, free, nms),
          head_text({16, 3, 16, 3}, free + " box_format=xyxy max_det=5"),
          head_text({14, 14}, "kind=anchor " + anchors),
          head_text({14, 14}, "kind=darknet scale_xy=[1.05,1] " + anchors),
          head_text({4, 1, 3, 4, 1, 3}, "kind=yolox num_classes=3 strides=[8,16]")};
}

// What exporters write around convolutions: batch norms, gates, residuals, pooled context, f16.
std::vector<std::string> network_texts() {
  return {
      R"(input %images: f32[1,3,"h","w"]
const %w: f32[4,3,3,3] = hex")" +
          std::string(4 * 3 * 9 * 8, '0') + R"("
const %v: f32[4,4,1,1] = hex")" +
          std::string(4 * 4 * 8, '0') + R"("
const %s: f32[4] = [1, 2, 3, 4]
const %scales: f32[4] = [1, 1, 2, 2]
%c = Conv(%images, %w) strides=[2,2] pads=[1,1,1,1]
%n = BatchNormalization(%c, %s, %s, %s, %s)
%g = Sigmoid(%n)
%a = Mul(%n, %g)
%d = Conv(%a, %v, %s)
%r = Relu(%d)
%e = Add(%r, %a)
%p = MaxPool(%e) kernel_shape=[5,5] pads=[2,2,2,2]
%q = Concat(%e, %p) axis=1
%k, %l = Split(%q) axis=1
%u = Resize(%k, %scales) coordinate_transformation_mode=asymmetric nearest_mode=floor
%t = Shape(%u)
%z = Reshape(%u, %t)
output %z
output %l
)",
      R"(input %images: f16[1,3,16,16]
const %w: f16[2,3,1,1] = hex"003c004000420044004500c4"
const %to: i64[3] = [1, 2, -1]
const %f: f16[256] = hex")" +
          std::string(256 * 4, '0') + R"("
%c = Conv(%images, %w)
%r = Reshape(%c, %to)
%h = Cast(%r) to=f32
%i = Cast(%f) to=f32
%m = Mul(%h, %i)
%y = Softmax(%m) axis=2
output %y
)"};
}

std::vector<Graph> graphs() {
  std::vector<Graph> all;
  for (const auto& texts : {onnx::test_graphs(), head_texts(), network_texts()})
    for (const std::string& text : texts) all.push_back(graph_of(text));
  return all;
}

}  // namespace

std::vector<std::string> onnx_seeds() {
  std::vector<std::string> seeds;
  for (Graph graph : graphs()) {
    const Result<void> ready = run_passes(graph, saving_passes());
    require(!!ready, ready ? "" : "a seed can be saved: " + ready.error().message);
    for (const int opset : {13, 17, 21})
      if (const Result<std::string> bytes = write_onnx(graph, {opset})) seeds.push_back(*bytes);
  }
  return seeds;
}

std::vector<std::string> graph_text_seeds() {
  std::vector<std::string> seeds;
  for (const Graph& graph : graphs()) seeds.push_back(print_graph(graph));
  return seeds;
}

std::vector<std::string> darknet_cfg_seeds() { return {kDarknetNet}; }

std::vector<std::string> darknet_weights_seeds() {
  return {darknet_weights_bytes(kDarknetNetFloats), darknet_weights_bytes(kDarknetNetFloats, 1),
          darknet_weights_bytes(kDarknetNetFloats - 1)};
}

}  // namespace shrike::fuzz
