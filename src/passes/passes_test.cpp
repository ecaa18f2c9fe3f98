#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/half.h"
#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "reference/evaluate.h"

namespace shrike {
namespace {

Graph parsed(const std::string& text) {
  Result<Graph> graph = parse_graph(text, "test");
  EXPECT_TRUE(graph) << graph.error().message;
  const Result<void> inferred = infer_shapes(*graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  return *graph;
}

Tensor random_tensor(const Shape& shape, std::mt19937& random) {
  std::normal_distribution<float> normal;
  Tensor t(DType::kF32, shape);
  for (float& x : t.mutable_data<float>()) x = normal(random);
  return t;
}

// Runs the pass and checks invariants, outputs' names, and that the numbers stayed the same.
Graph checked(Graph before, Result<void> (*pass)(Graph&), float tolerance = 1e-5f) {
  Graph after = before;
  const Result<void> ran = pass(after);
  EXPECT_TRUE(ran) << ran.error().message;
  const Result<void> sound = verify(after);
  EXPECT_TRUE(sound) << sound.error().message << "\n" << print_graph(after);
  std::mt19937 random(11);
  std::vector<Tensor> inputs;
  for (ValueId id : before.inputs)
    inputs.push_back(random_tensor(*before.static_shape(id), random));
  const Result<std::vector<Tensor>> x = evaluate_graph(before, inputs),
                                    y = evaluate_graph(after, inputs);
  EXPECT_TRUE(x && y);
  if (!x || !y) return after;
  for (size_t i = 0; i < x->size(); ++i) {
    EXPECT_EQ(before.value(before.outputs[i]).name, after.value(after.outputs[i]).name);
    const auto a = (*x)[i].data<float>(), b = (*y)[i].data<float>();
    EXPECT_EQ(a.size(), b.size());
    for (size_t k = 0; k < std::min(a.size(), b.size()); ++k)
      EXPECT_NEAR(a[k], b[k], tolerance * (1 + std::abs(a[k])));
  }
  return after;
}

const char kConv[] =
    "input %x: f32[2,3,5,4]\n"
    "const %w: f32[2,3,1,1] = [0.5,-1,2,0.25,1,-0.5]\n"
    "const %b: f32[2] = [0.1,-0.2]\n"
    "%c: ? = Conv(%x, %w, %b) @\"conv\"\n";

TEST(FoldConstants, ShapesBecomeNumbers) {
  const Graph g =
      checked(parsed(std::string(kConv) +
                     "%s: ? = Shape(%c)\nconst %i: i64[1] = [0]\n"
                     "%n: ? = Gather(%s, %i)\nconst %m: i64[1] = [-1]\n"
                     "%t: ? = Concat(%n, %m) axis=0\n%y: ? = Reshape(%c, %t)\noutput %y\n"),
              fold_constants);
  EXPECT_EQ(g.nodes.size(), 2u);
}

TEST(RemoveNoOps, IdentitiesGoAndOutputsKeepTheirNames) {
  const Graph g = checked(
      parsed(std::string(kConv) + "%i: ? = Identity(%c)\n%t: ? = Transpose(%i) perm=[0,1,2,3]\n"
                                  "%y: ? = Concat(%t) axis=1\noutput %y\n"),
      remove_no_ops);
  EXPECT_EQ(g.nodes.size(), 1u);
  // An output that is the input itself has to stay a node.
  EXPECT_EQ(checked(parsed("input %x: f32[2]\n%y: ? = Identity(%x)\noutput %y\n"), remove_no_ops)
                .nodes.size(),
            1u);
}

TEST(RemoveNoOps, PadsThatShiftStay) {
  const auto nodes_left = [](const std::string& pads) {
    return checked(parsed("input %x: f32[1,2,3,4]\nconst %p: i64[8] = " + pads +
                          "\n%r: ? = Relu(%x)\n%q: ? = Pad(%r, %p)\n%y: ? = Neg(%q)\noutput %y\n"),
                   remove_no_ops)
        .nodes.size();
  };
  EXPECT_EQ(nodes_left("[0,0,0,0,0,0,0,0]"), 2u);
  EXPECT_EQ(nodes_left("[0,0,0,1,0,0,0,-1]"), 3u);
}

TEST(FuseGatedActivations, FindsEachForm) {
  const auto fused = [](const std::string& body) {
    const Graph g =
        checked(parsed("input %x: f32[2,3]\n" + body + "output %y\n"), fuse_gated_activations);
    return std::string(op_name(g.nodes.back().op)) + std::to_string(g.nodes.size());
  };
  EXPECT_EQ(fused("%s: ? = Sigmoid(%x)\n%y: ? = Mul(%x, %s)\n"), "Silu1");
  EXPECT_EQ(fused("%s: ? = Sigmoid(%x)\n%y: ? = Mul(%s, %x)\n"), "Silu1");
  EXPECT_EQ(fused("%s: ? = HardSigmoid(%x) alpha=0.16666667 beta=0.5\n%y: ? = Mul(%x, %s)\n"),
            "HardSwish1");
  EXPECT_EQ(fused("%p: ? = Softplus(%x)\n%s: ? = Tanh(%p)\n%y: ? = Mul(%x, %s)\n"), "Mish1");
  EXPECT_EQ(fused("%z: ? = Neg(%x)\n%s: ? = Sigmoid(%z)\n%y: ? = Mul(%x, %s)\n"), "Mul3");
}

const char kNorm[] =
    "const %scale: f32[2] = [1.5,-0.5]\nconst %shift: f32[2] = [0.3,0.1]\n"
    "const %mean: f32[2] = [0.2,-1]\nconst %var: f32[2] = [4,0.25]\n";

TEST(FoldBatchnorm, IntoConvolution) {
  const std::string norm =
      "%y: ? = BatchNormalization(%c, %scale, %shift, %mean, %var)\noutput %y\n";
  EXPECT_EQ(
      checked(parsed(kConv + std::string(kNorm) + norm), fold_batchnorm_into_conv).nodes.size(),
      1u);
  // Not where somebody else reads the convolution.
  EXPECT_EQ(
      checked(parsed(kConv + std::string(kNorm) + norm + "output %c\n"), fold_batchnorm_into_conv)
          .nodes.size(),
      2u);
}

TEST(FoldBatchnorm, IntoTransposedConvolution) {
  const std::string text =
      "input %x: f32[1,4,3,3]\nconst %w: f32[4,1,1,2] = [1,2,3,4,5,6,7,8]\n"
      "%c: ? = ConvTranspose(%x, %w) group=2\n" +
      std::string(kNorm) +
      "%y: ? = BatchNormalization(%c, %scale, %shift, %mean, %var)\noutput %y\n";
  EXPECT_EQ(checked(parsed(text), fold_batchnorm_into_conv).nodes.size(), 1u);
}

// Of an input of unknown shape inference says little: the pass looks at the sizes itself.
TEST(FoldBatchnorm, NotWhereStatisticsAndChannelsDiffer) {
  const auto nodes_left = [](const std::string& conv, int channels) {
    std::string text = "input %x: f32[2,3,5,4]\n" + conv;
    const std::string ones = channels == 2 ? "f32[2] = [1,1]\n" : "f32[3] = [1,1,1]\n";
    for (const char* name : {"scale", "shift", "mean", "var"})
      text += "const %" + std::string(name) + ": " + ones;
    text += "%y: ? = BatchNormalization(%c, %scale, %shift, %mean, %var)\noutput %y\n";
    Result<Graph> graph = parse_graph(text, "test");  // shapes not inferred
    EXPECT_TRUE(graph) << graph.error().message;
    EXPECT_TRUE(fold_batchnorm_into_conv(*graph));
    return graph->nodes.size();
  };
  const std::string two = "const %w: f32[2,3,1,1] = [1,1,1,1,1,1]\n";
  EXPECT_EQ(nodes_left(two + "%c: ? = Conv(%x, %w)\n", 2), 1u);
  EXPECT_EQ(nodes_left(two + "%c: ? = Conv(%x, %w)\n", 3), 2u);
  EXPECT_EQ(nodes_left(two + "const %b: f32[1] = [1]\n%c: ? = Conv(%x, %w, %b)\n", 2), 2u);
  EXPECT_EQ(nodes_left(two + "%c: ? = ConvTranspose(%x, %w)\n", 3), 1u);
  EXPECT_EQ(nodes_left(two + "%c: ? = ConvTranspose(%x, %w)\n", 2), 2u);
  EXPECT_EQ(nodes_left(two + "%c: ? = ConvTranspose(%x, %w) group=0\n", 3), 2u);
}

// Every f32 value and constant becomes f16: hex of the same numbers.
Graph halved(Graph g) {
  for (Value& value : g.values) {
    if (value.dtype != DType::kF32) continue;
    value.dtype = DType::kF16;
    if (!value.constant) continue;
    const auto from = value.constant->data<float>();
    Tensor half(DType::kF16, value.constant->shape());
    std::transform(from.begin(), from.end(), half.mutable_data<uint16_t>().begin(), float_to_half);
    value.constant = std::move(half);
  }
  return g;
}

TEST(FoldBatchnorm, OfF16IsRoundedOnce) {
  Graph half =
      halved(parsed(kConv + std::string(kNorm) +
                    "%y: ? = BatchNormalization(%c, %scale, %shift, %mean, %var)\noutput %y\n"));
  Graph single = half;
  ASSERT_TRUE(fold_batchnorm_into_conv(half));
  ASSERT_EQ(half.nodes.size(), 1u);
  const Result<void> sound = verify(half);
  ASSERT_TRUE(sound) << sound.error().message;
  ASSERT_TRUE(widen_f16(single));
  ASSERT_TRUE(fold_batchnorm_into_conv(single));
  for (size_t i : {1, 2}) {
    const Tensor& rounded = *half.constant(half.nodes[0].inputs[i]);
    const Tensor& exact = *single.constant(single.nodes[0].inputs[i]);
    ASSERT_EQ(rounded.dtype(), DType::kF16);
    for (size_t k = 0; k < exact.data<float>().size(); ++k)
      EXPECT_EQ(rounded.data<uint16_t>()[k], float_to_half(exact.data<float>()[k]));
  }
}

TEST(FoldBatchnorm, NotWhereF16WouldOverflow) {
  Graph g = halved(
      parsed("input %x: f32[1,1,2,2]\nconst %w: f32[1,1,1,1] = [60000]\n%c: ? = Conv(%x, %w)\n"
             "const %scale: f32[1] = [2]\nconst %shift: f32[1] = [0]\nconst %mean: f32[1] = [0]\n"
             "const %var: f32[1] = [1]\n"
             "%y: ? = BatchNormalization(%c, %scale, %shift, %mean, %var)\noutput %y\n"));
  ASSERT_TRUE(fold_batchnorm_into_conv(g));
  EXPECT_EQ(g.nodes.size(), 2u);
}

TEST(LowerBatchnorm, IsMultiplyAndAdd) {
  const Graph g =
      checked(parsed("input %c: f32[2,2,3,1]\n" + std::string(kNorm) +
                     "%y: ? = BatchNormalization(%c, %scale, %shift, %mean, %var)\noutput %y\n"),
              lower_batchnorm);
  EXPECT_EQ(g.nodes.size(), 2u);
}

TEST(FuseIntoConv, ActivationAndResidualAndBack) {
  const std::string text = std::string(kConv) +
                           "%s: ? = Silu(%c) @\"act\"\n%r: ? = Conv(%x, %w) @\"other\"\n"
                           "%y: ? = Add(%s, %r)\noutput %y\n";
  const Graph fused = checked(parsed(text), [](Graph& g) -> Result<void> {
    SHRIKE_TRY(fuse_activation_into_conv(g));
    return fuse_residual_into_conv(g);
  });
  EXPECT_EQ(fused.nodes.size(), 2u);
  const Graph expanded = checked(fused, expand_fused);
  for (const Node& node : expanded.nodes)
    if (const auto* conv = std::get_if<Conv>(&node.op)) {
      EXPECT_EQ(conv->activation, UnaryKind::kIdentity);
      EXPECT_LE(node.inputs.size(), 3u);
    }
}

TEST(FuseIntoConv, NotWhereOthersReadTheConvolution) {
  const Graph g = checked(parsed(std::string(kConv) + "%y: ? = Relu(%c)\noutput %y\noutput %c\n"),
                          fuse_activation_into_conv);
  EXPECT_EQ(g.nodes.size(), 2u);
}

// Equal as far as they are known is not equal: the other may have one row, which broadcasts.
TEST(FuseIntoConv, ResidualsNeedKnownShapes) {
  const auto nodes_left = [](const std::string& extents) {
    Graph g = parsed("input %x: f32[1,2," + extents + "]\ninput %r: f32[1,2," + extents +
                     "]\nconst %w: f32[2,2,1,1] = [1,2,3,4]\n%c: ? = Conv(%x, %w)\n"
                     "%y: ? = Add(%c, %r)\noutput %y\n");
    EXPECT_TRUE(fuse_residual_into_conv(g));
    return g.nodes.size();
  };
  EXPECT_EQ(nodes_left("4,5"), 1u);
  EXPECT_EQ(nodes_left("?,5"), 2u);
}

// Uses are taken once: what earlier edits moved must not be fused by what it was.
TEST(FuseIntoConv, ChainsStayRight) {
  const std::string conv = "const %v: f32[2,2,1,1] = [1,0.5,-1,2]\n%d: ? = Conv(%c, %v)\n";
  checked(parsed(kConv + conv +
                 "%e: ? = Add(%d, %c)\n%f: ? = Conv(%e, %v)\n"
                 "%s: ? = Add(%f, %e)\n%y: ? = Add(%s, %c)\noutput %y\n"),
          fuse_residual_into_conv);
  checked(parsed(std::string(kConv) + "%a: ? = Relu(%c)\n%b2: ? = Sigmoid(%a)\n"
                                      "%y: ? = Tanh(%b2)\noutput %y\n"),
          fuse_activation_into_conv);
  const std::string norm = "BatchNormalization(%c, %scale, %shift, %mean, %var)\n";
  checked(parsed(kConv + std::string(kNorm) + "%n: ? = " + norm +
                 "%y: ? = BatchNormalization(%n, %scale, %shift, %mean, %var)\noutput %y\n"),
          fold_batchnorm_into_conv);
}

TEST(WidenF16, EverythingIsF32) {
  Graph g = parsed(
      "input %x: f16[2]\nconst %c: f16[2] = hex\"003c00c0\"\n%a: ? = Add(%x, %c)\n"
      "%y: ? = Cast(%a) to=f16\noutput %y\n");
  ASSERT_TRUE(widen_f16(g));
  ASSERT_TRUE(verify(g));
  for (const Value& value : g.values) EXPECT_EQ(value.dtype, DType::kF32);
  EXPECT_EQ(g.constant(*g.find_value("c"))->data<float>()[1], -2.0f);
}

TEST(Pipeline, SkipsReportsAndVerifies) {
  Graph g = parsed(std::string(kConv) + "%y: ? = Relu(%c)\noutput %y\n");
  std::vector<PassReport> report;
  PassOptions options{.verify = true, .skip = {"fuse_activation_into_conv"}, .report = &report};
  ASSERT_TRUE(run_passes(g, inference_passes(), options));
  EXPECT_EQ(g.nodes.size(), 2u);
  EXPECT_EQ(report.size(), inference_passes().size() - 1);
}

}  // namespace
}  // namespace shrike
