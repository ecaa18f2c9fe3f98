// Every operator against the readable reference.
#include "reference/evaluate.h"
#include "train/test_support.h"

namespace shrike::train {
namespace {

using namespace testing;

struct Case {
  const char* name;
  const char* text;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Operators : public ::testing::TestWithParam<Case> {};

TEST_P(Operators, EqualTheReference) {
  const Graph graph = graph_of(GetParam().text);
  for (unsigned seed = 1; seed <= 3; ++seed) {
    std::mt19937 random(seed);
    const std::vector<Tensor> inputs = random_inputs(graph, random);
    const Result<std::vector<Tensor>> expected = evaluate_graph(graph, inputs);
    ASSERT_TRUE(expected) << expected.error().message;
    const Result<std::vector<Tensor>> got = run_module(graph, inputs);
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_EQ(got->size(), expected->size());
    for (size_t i = 0; i < got->size(); ++i)
      expect_close((*got)[i], (*expected)[i], 1e-5, "seed " + std::to_string(seed));
  }
}

constexpr Case kFeatureMaps[] = {
    {"conv",
     "input %x: f32[2,3,7,9]\ninput %w: f32[4,3,3,3]\ninput %b: f32[4]\n"
     "%y: ? = Conv(%x, %w, %b) pads=[1,1,1,1] strides=[2,1]\noutput %y"},
    {"conv_one_sided",
     "input %x: f32[1,4,7,9]\ninput %w: f32[6,2,3,2]\n"
     "%y: ? = Conv(%x, %w) pads=[0,0,1,1] group=2\noutput %y"},
    {"conv_same_upper",
     "input %x: f32[1,2,7,8]\ninput %w: f32[3,2,3,3]\n"
     "%y: ? = Conv(%x, %w) auto_pad=SAME_UPPER strides=[2,2]\noutput %y"},
    {"conv_fused",
     "input %x: f32[1,2,5,5]\ninput %w: f32[2,2,3,3]\ninput %b: f32[2]\n"
     "input %r: f32[1,2,3,3]\n%y: ? = Conv(%x, %w, %b, %r) dilations=[1,1] "
     "activation=LeakyRelu alpha=0.1\noutput %y"},
    {"conv_transpose",
     "input %x: f32[1,4,5,3]\ninput %w: f32[4,3,2,2]\ninput %b: f32[6]\n"
     "%y: ? = ConvTranspose(%x, %w, %b) strides=[2,2] group=2\noutput %y"},
    {"batch_norm",
     "input %x: f32[2,3,4,5]\ninput %s: f32[3]\ninput %b: f32[3]\ninput %m: f32[3]\n"
     "const %v: f32[3] = [0.5, 2, 0.01]\n"
     "%y: ? = BatchNormalization(%x, %s, %b, %m, %v) epsilon=0.001\noutput %y"},
    {"max_pool",
     "input %x: f32[1,3,8,9]\n"
     "%y: ? = MaxPool(%x) kernel_shape=[5,5] pads=[2,2,2,2]\noutput %y"},
    {"max_pool_one_sided",
     "input %x: f32[1,3,6,6]\n"
     "%y: ? = MaxPool(%x) kernel_shape=[2,2] pads=[0,0,1,1]\noutput %y"},
    {"max_pool_ceil",
     "input %x: f32[1,3,8,9]\n%y: ? = MaxPool(%x) kernel_shape=[3,3] "
     "strides=[2,2] ceil_mode=1\noutput %y"},
    {"average_pool",
     "input %x: f32[1,3,8,8]\n%y: ? = AveragePool(%x) kernel_shape=[3,3] "
     "pads=[1,1,1,1] strides=[2,2]\noutput %y"},
    {"average_pool_padded",
     "input %x: f32[1,3,8,8]\n%y: ? = AveragePool(%x) kernel_shape=[3,3] "
     "pads=[1,1,1,1] count_include_pad=1\noutput %y"},
    {"global_average_pool", "input %x: f32[2,3,4,5]\n%y: ? = GlobalAveragePool(%x)\noutput %y"},
    {"resize_twice",
     "input %x: f32[2,3,4,5]\nconst %s: f32[4] = [1, 1, 2, 2]\n"
     "%y: ? = Resize(%x, %s) coordinate_transformation_mode=asymmetric "
     "nearest_mode=floor\noutput %y"},
    {"resize_half_pixel",
     "input %x: f32[1,2,4,5]\nconst %s: f32[4] = [1, 1, 1.5, 2]\n"
     "%y: ? = Resize(%x, %s)\noutput %y"},
    {"resize_linear",
     "input %x: f32[1,2,4,5]\nconst %s: i64[4] = [1, 2, 7, 3]\n"
     "%y: ? = Resize(%x, _, %s) mode=linear\noutput %y"},
    {"resize_cubic",
     "input %x: f32[1,2,4,5]\nconst %s: f32[4] = [1, 1, 2, 3]\n"
     "%y: ? = Resize(%x, %s) mode=cubic "
     "coordinate_transformation_mode=align_corners\noutput %y"},
};
INSTANTIATE_TEST_SUITE_P(FeatureMaps, Operators, ::testing::ValuesIn(kFeatureMaps),
                         [](const auto& test) { return test.param.name; });

constexpr Case kMovement[] = {
    {"concat",
     "input %a: f32[2,3,2]\ninput %b: f32[2,1,2]\n"
     "%y: ? = Concat(%a, %b) axis=-2\noutput %y"},
    {"split",
     "input %x: f32[1,5,3]\nconst %s: i64[2] = [3, 2]\n"
     "%a: ?, %b: ? = Split(%x, %s) axis=1\noutput %b\noutput %a"},
    {"slice",
     "input %x: f32[1,3,8,9]\nconst %s: i64[2] = [1, -7]\nconst %e: i64[2] = [100, -1]\n"
     "const %a: i64[2] = [2, -1]\nconst %t: i64[2] = [2, 3]\n"
     "%y: ? = Slice(%x, %s, %e, %a, %t)\noutput %y"},
    {"gather",
     "input %x: f32[2,5,3]\nconst %i: i64[2,2] = [0, -1, 3, 3]\n"
     "%y: ? = Gather(%x, %i) axis=1\noutput %y"},
    {"gather_elements",
     "input %x: f32[3,4]\nconst %i: i64[3,2] = [0, -1, 3, 3, 1, 1]\n"
     "%y: ? = GatherElements(%x, %i) axis=1\noutput %y"},
    {"reshape",
     "input %x: f32[2,4,3]\nconst %s: i64[3] = [0, -1, 2]\n"
     "%y: ? = Reshape(%x, %s)\noutput %y"},
    {"transpose",
     "input %x: f32[2,4,3]\n%y: ? = Transpose(%x) perm=[2,0,1]\n"
     "%z: ? = Transpose(%x)\noutput %y\noutput %z"},
    {"squeeze",
     "input %x: f32[2,1,3]\nconst %a: i64[1] = [1]\n%y: ? = Squeeze(%x, %a)\n"
     "%z: ? = Unsqueeze(%y, %a)\noutput %y\noutput %z"},
    {"flatten", "input %x: f32[2,4,3]\n%y: ? = Flatten(%x) axis=2\noutput %y"},
    {"expand",
     "input %x: f32[2,1,3]\nconst %s: i64[3] = [1, 4, 1]\n"
     "%y: ? = Expand(%x, %s)\noutput %y"},
    {"tile", "input %x: f32[2,3]\nconst %s: i64[2] = [2, 3]\n%y: ? = Tile(%x, %s)\noutput %y"},
    {"pad",
     "input %x: f32[1,2,3,4]\nconst %p: i64[8] = [0,1,2,0,0,0,1,-1]\nconst %v: f32[] = [5]\n"
     "%y: ? = Pad(%x, %p, %v)\noutput %y"},
    {"depth_to_space",
     "input %x: f32[1,8,2,3]\n%y: ? = DepthToSpace(%x) blocksize=2\n"
     "%z: ? = DepthToSpace(%x) blocksize=2 mode=CRD\noutput %y\noutput %z"},
    {"space_to_depth", "input %x: f32[1,3,4,6]\n%y: ? = SpaceToDepth(%x) blocksize=2\noutput %y"},
};
INSTANTIATE_TEST_SUITE_P(Movement, Operators, ::testing::ValuesIn(kMovement),
                         [](const auto& test) { return test.param.name; });

constexpr Case kReductions[] = {
    {"matmul", "input %a: f32[2,2,3,4]\ninput %b: f32[2,4,5]\n%y: ? = MatMul(%a, %b)\noutput %y"},
    {"gemm",
     "input %a: f32[4,3]\ninput %b: f32[5,4]\ninput %c: f32[5]\n"
     "%y: ? = Gemm(%a, %b, %c) transA=1 transB=1 alpha=0.5 beta=2\noutput %y"},
    {"softmax", "input %x: f32[2,4,3]\n%y: ? = Softmax(%x) axis=1\noutput %y"},
    {"reduce",
     "input %x: f32[2,4,3]\nconst %a: i64[2] = [-1, 0]\n%m: ? = ReduceMax(%x, %a)\n"
     "%n: ? = ReduceMin(%x, %a) keepdims=0\n%s: ? = ReduceSum(%x)\n"
     "%e: ? = ReduceMean(%x, %a)\n%p: ? = ReduceProd(%x, %a) keepdims=0\n"
     "output %m\noutput %n\noutput %s\noutput %e\noutput %p"},
    {"argmax", "input %x: f32[2,4,3]\n%y: ? = ArgMax(%x) axis=1 keepdims=0\noutput %y"},
    {"top_k",
     "input %x: f32[2,9]\nconst %k: i64[1] = [4]\n%v: ?, %i: ? = TopK(%x, %k) axis=1\n"
     "%w: ?, %j: ? = TopK(%x, %k) axis=1 largest=0\n"
     "output %v\noutput %i\noutput %w\noutput %j"},
    {"top_k_of_equals",
     "input %x: f32[1,40]\n%r: ? = Round(%x)\nconst %k: i64[1] = [30]\n"
     "%v: ?, %i: ? = TopK(%r, %k) axis=1\noutput %v\noutput %i"},
};
INSTANTIATE_TEST_SUITE_P(Reductions, Operators, ::testing::ValuesIn(kReductions),
                         [](const auto& test) { return test.param.name; });

constexpr Case kElementwise[] = {
    {"clip",
     "input %x: f32[3,4]\nconst %l: f32[] = [-0.5]\nconst %h: f32[] = [1]\n"
     "%y: ? = Clip(%x, %l, %h)\n%z: ? = Clip(%x, _, %h)\noutput %y\noutput %z"},
    {"where",
     "input %x: f32[3,4]\ninput %z: f32[4]\n%c: ? = Less(%x, %z)\n"
     "%y: ? = Where(%c, %x, %z)\noutput %y"},
    {"cast", "input %x: f32[3,4]\n%i: ? = Cast(%x) to=i64\n%y: ? = Cast(%i)\noutput %i\noutput %y"},
    {"integers",
     "const %a: i64[4] = [-7, 7, -7, 7]\nconst %b: i64[4] = [2, 2, -2, -2]\n"
     "input %x: f32[1]\n%c: ? = Cast(%x) to=i64\n%z: ? = Mul(%c, %c)\n"
     "%n: ? = Sub(%a, %z)\n%d: ? = Div(%n, %b)\n%m: ? = Mod(%n, %b)\n"
     "%f: ? = Mod(%n, %b) fmod=1\noutput %d\noutput %m\noutput %f"},
    {"logic",
     "input %a: f32[9]\ninput %b: f32[9]\n%c: ? = Less(%a, %b)\n"
     "%d: ? = GreaterOrEqual(%a, %b)\n%e: ? = And(%c, %d)\n%f: ? = Or(%c, %d)\n"
     "%g: ? = Xor(%c, %d)\n%h: ? = Not(%g)\n%i: ? = LessOrEqual(%a, %b)\n"
     "%j: ? = Greater(%a, %b)\n%k: ? = Equal(%a, %b)\noutput %e\noutput %f\noutput %g\n"
     "output %h\noutput %i\noutput %j\noutput %k"},
};
INSTANTIATE_TEST_SUITE_P(Elementwise, Operators, ::testing::ValuesIn(kElementwise),
                         [](const auto& test) { return test.param.name; });

TEST(Operators, EveryFunctionOfOneValue) {
  for (const EnumName<UnaryKind>& kind : kUnaryKinds) {
    if (kind.value == UnaryKind::kNot) continue;
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 257});
    Unary op{kind.value, 0, 0};
    if (kind.value == UnaryKind::kLeakyRelu || kind.value == UnaryKind::kElu) op.alpha = 0.3f;
    if (kind.value == UnaryKind::kHardSigmoid) op = {kind.value, 0.2f, 0.5f};
    graph.outputs = {graph.add_node(op, {x}, "y")};
    ASSERT_TRUE(infer_shapes(graph));
    std::mt19937 random(7);
    const bool positive = kind.value == UnaryKind::kLog || kind.value == UnaryKind::kSqrt;
    const std::vector<Tensor> inputs{
        random_tensor(Shape{1, 257}, random, positive ? 0.01f : -9.0f, 9.0f)};
    const Result<std::vector<Tensor>> expected = evaluate_graph(graph, inputs);
    ASSERT_TRUE(expected) << expected.error().message;
    const Result<std::vector<Tensor>> got = run_module(graph, inputs);
    ASSERT_TRUE(got) << got.error().message;
    expect_close((*got)[0], (*expected)[0], 1e-6, std::string(kind.name));
  }
}

TEST(Operators, EveryFunctionOfTwoNumbers) {
  for (const EnumName<BinaryKind>& kind : kBinaryKinds) {
    if (kind.value > BinaryKind::kPRelu || kind.value == BinaryKind::kMod) continue;
    Graph graph;
    const ValueId a = graph.add_input("a", DType::kF32, Shape{2, 3, 5});
    const ValueId b = graph.add_input("b", DType::kF32, Shape{3, 1});
    graph.outputs = {graph.add_node(Binary{kind.value, 0}, {a, b}, "y")};
    ASSERT_TRUE(infer_shapes(graph));
    std::mt19937 random(9);
    const float low = kind.value == BinaryKind::kPow ? 0.1f : -2.0f;
    const std::vector<Tensor> inputs{random_tensor(Shape{2, 3, 5}, random, low, 2),
                                     random_tensor(Shape{3, 1}, random)};
    const Result<std::vector<Tensor>> expected = evaluate_graph(graph, inputs);
    ASSERT_TRUE(expected) << expected.error().message;
    const Result<std::vector<Tensor>> got = run_module(graph, inputs);
    ASSERT_TRUE(got) << got.error().message;
    expect_close((*got)[0], (*expected)[0], 1e-6, std::string(kind.name));
  }
}

TEST(Operators, WhatCannotLearnIsNamed) {
  const Graph graph = graph_of("input %x: f32[1,4]\n%y: ? = NonZero(%x) @\"the node\"\noutput %y");
  const Result<std::vector<Tensor>> got = run_module(graph, {Tensor(DType::kF32, Shape{1, 4})});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kModel);
  EXPECT_NE(got.error().message.find("the node"), std::string::npos) << got.error().message;
}

TEST(Operators, ErrorsOfLibTorchAreResults) {
  const Graph graph = graph_of(
      "input %x: f32[1,3,8,8]\nconst %w: f32[1,3,1,1] = [1,1,1]\n%y: ? = Conv(%x, %w)\noutput %y");
  const Result<Parameters> parameters = Parameters::of(graph);
  ASSERT_TRUE(parameters);
  const Result<Module> module = Module::build(graph, *parameters);
  ASSERT_TRUE(module) << module.error().message;
  const at::Tensor wrong = at::zeros({1, 4, 8, 8});
  const Result<std::vector<at::Tensor>> got = module->forward(std::span(&wrong, 1), RunMode{});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kRuntime);
  EXPECT_EQ(got.error().message.find('\n'), std::string::npos) << got.error().message;
}

}  // namespace
}  // namespace shrike::train
