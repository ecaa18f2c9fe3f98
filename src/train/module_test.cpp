// The module as a whole: gradients, fusing, shared weights, and the way back into the graph.
#include "train/module.h"

#include <c10/core/GradMode.h>

#include "train/moments.h"
#include "train/test_support.h"

namespace shrike::train {
namespace {

using namespace testing;

struct Layer {
  int64_t channels, kernel, stride, group;
  std::vector<int64_t> pads;
  Unary activation;
};

ValueId add_norm(Graph& graph, ValueId x, int64_t channels, std::mt19937& random) {
  const Shape shape{channels};
  return graph.add_node(BatchNorm{1e-3f},
                        {x, graph.add_constant("scale", random_tensor(shape, random, 0.5f, 1.5f)),
                         graph.add_constant("shift", random_tensor(shape, random)),
                         graph.add_constant("mean", random_tensor(shape, random)),
                         graph.add_constant("variance", random_tensor(shape, random, 0.5f, 2))},
                        "normed");
}

// Convolutions with batch norms and activations; with `ends` every value between is an output too,
// so that nothing can be fused.
Graph network(const std::vector<Layer>& layers, bool ends = false) {
  std::mt19937 random(5);
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 9, 8});
  int64_t channels = 3;
  std::vector<ValueId> between;
  for (const Layer& layer : layers) {
    Conv conv;
    conv.strides = {layer.stride, layer.stride};
    conv.pads = layer.pads;
    conv.group = layer.group;
    const Shape shape{layer.channels, channels / layer.group, layer.kernel, layer.kernel};
    between.push_back(graph.add_node(
        conv, {x, graph.add_constant("weights", random_tensor(shape, random, -0.5f, 0.5f))},
        "conv"));
    between.push_back(add_norm(graph, between.back(), layer.channels, random));
    x = graph.add_node(layer.activation, {between.back()}, "y");
    channels = layer.channels;
  }
  graph.outputs = {x};
  if (ends) graph.outputs.insert(graph.outputs.end(), between.begin(), between.end());
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

std::vector<Layer> layers_of(UnaryKind kind) {
  const Unary f{kind, kind == UnaryKind::kLeakyRelu ? 0.1f : 0.0f, 0};
  return {{4, 3, 2, 1, {1, 1, 1, 1}, f}, {6, 2, 1, 2, {0, 0, 1, 1}, f}};
}

struct Trained {
  std::vector<at::Tensor> gradients;
  at::Tensor loss;
  Parameters parameters;
};

// Loss, gradients and running statistics of one step in doubles.
Trained step(const Graph& graph, const at::Tensor& x, Parameters parameters, RunMode mode) {
  const Result<Module> module = Module::build(graph, parameters);
  EXPECT_TRUE(module) << module.error().message;
  const auto out = module->forward(std::span(&x, 1), mode);
  EXPECT_TRUE(out) << out.error().message;
  const at::Tensor y = (*out)[0];
  const at::Tensor target = at::sin(at::arange(y.numel(), y.options()).reshape(y.sizes()));
  Trained trained{{}, at::sum((y - target) * (y - target) * y), parameters};
  trained.loss.backward();
  for (const Parameter& p : parameters.all())
    if (learns(p.role)) trained.gradients.push_back(p.tensor.grad());
  return trained;
}

Parameters doubles_of(const Graph& graph) {
  const Result<Parameters> parameters = Parameters::of(graph);
  EXPECT_TRUE(parameters);
  return *parameters->converted(at::kDouble);
}

at::Tensor picture(int64_t n) {
  at::manual_seed(3);
  return at::rand({n, 3, 9, 8}, at::kDouble) * 4 - 2;
}

class FusedSteps : public ::testing::TestWithParam<UnaryKind> {};

// The fused function against LibTorch's own convolution and batch norm.
TEST_P(FusedSteps, LearnAsTheirParts) {
  const Graph fused = network(layers_of(GetParam())), apart = network(layers_of(GetParam()), true);
  at::Tensor x1 = picture(4).requires_grad_(), x2 = picture(4).requires_grad_();
  const RunMode mode{true, 0.1};
  const Trained a = step(fused, x1, doubles_of(fused), mode);
  const Trained b = step(apart, x2, doubles_of(apart), mode);
  EXPECT_NEAR(a.loss.item<double>(), b.loss.item<double>(), 1e-9);
  ASSERT_EQ(a.gradients.size(), b.gradients.size());
  for (size_t i = 0; i < a.gradients.size(); ++i)
    EXPECT_TRUE(at::allclose(a.gradients[i], b.gradients[i], 1e-8, 1e-9)) << i;
  EXPECT_TRUE(at::allclose(x1.grad(), x2.grad(), 1e-8, 1e-9));
  for (size_t i = 0; i < a.parameters.all().size(); ++i) {
    const Parameter &p = a.parameters.all()[i], &q = b.parameters.all()[i];
    EXPECT_TRUE(at::allclose(p.tensor, q.tensor, 1e-12, 1e-12)) << p.name;
    if (!learns(p.role)) {
      EXPECT_FALSE(at::equal(p.tensor, doubles_of(fused).all()[i].tensor)) << "did not move";
    }
  }
}

TEST_P(FusedSteps, HaveFewerSteps) {
  const Graph fused = network(layers_of(GetParam())), apart = network(layers_of(GetParam()), true);
  EXPECT_EQ(Module::build(fused, doubles_of(fused))->steps(), 2u);
  EXPECT_EQ(Module::build(apart, doubles_of(apart))->steps(), 6u);
}

// (L(w + h) - L(w - h)) / 2h for some elements of every parameter.
TEST_P(FusedSteps, GradientsAreFiniteDifferences) {
  const Graph graph = network(layers_of(GetParam()));
  const at::Tensor x = picture(3);
  const RunMode mode{true, 0.1};
  const Trained trained = step(graph, x, doubles_of(graph), mode);
  size_t learned = 0;
  for (size_t i = 0; i < trained.parameters.all().size(); ++i) {
    if (!learns(trained.parameters.all()[i].role)) continue;
    const at::Tensor gradient = trained.gradients[learned++].flatten();
    for (int64_t e = 0; e < gradient.numel(); e += 5) {
      constexpr double h = 1e-6;
      double loss[2];
      for (int side = 0; side < 2; ++side) {
        const Parameters moved = doubles_of(graph);
        moved.all()[i].tensor.detach().view(-1).select(0, e).add_(side == 0 ? h : -h);
        loss[side] = step(graph, x, moved, mode).loss.item<double>();
      }
      const double expected = (loss[0] - loss[1]) / (2 * h);
      EXPECT_NEAR(gradient[e].item<double>(), expected, 1e-5 * (1 + std::abs(expected)))
          << trained.parameters.all()[i].name << " " << e;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Activations, FusedSteps,
                         ::testing::Values(UnaryKind::kIdentity, UnaryKind::kSilu,
                                           UnaryKind::kLeakyRelu, UnaryKind::kHardSwish,
                                           UnaryKind::kMish, UnaryKind::kRelu),
                         [](const auto& test) { return std::string(enum_name(test.param)); });

TEST(Module, EvaluatesWithTheRunningStatistics) {
  const Graph graph = network(layers_of(UnaryKind::kSilu));
  std::mt19937 random(2);
  const std::vector<Tensor> inputs = random_inputs(graph, random);
  const Result<std::vector<Tensor>> expected = evaluate_graph(graph, inputs);
  const Result<std::vector<Tensor>> got = run_module(graph, inputs);
  ASSERT_TRUE(expected && got);
  expect_close((*got)[0], (*expected)[0], 1e-5, "y");
}

TEST(Module, GradientsEndAtDetachedValues) {
  const Graph graph = network(layers_of(UnaryKind::kSilu));
  const Parameters parameters = doubles_of(graph);
  ModuleOptions options;
  options.detached = {*graph.find_value("y")};  // the first layer's
  const Result<Module> module = Module::build(graph, parameters, options);
  ASSERT_TRUE(module) << module.error().message;
  const at::Tensor x = picture(2);
  const auto out = module->forward(std::span(&x, 1), RunMode{true});
  ASSERT_TRUE(out);
  at::sum((*out)[0]).backward();
  EXPECT_FALSE(parameters.find("weights")->tensor.grad().defined());
  EXPECT_TRUE(parameters.find("weights_2")->tensor.grad().defined());
}

TEST(Module, ModulesShareTheirWeights) {
  const Graph graph = network(layers_of(UnaryKind::kSilu));
  const Parameters parameters = doubles_of(graph);
  const Result<Module> a = Module::build(graph, parameters), b = Module::build(graph, parameters);
  ASSERT_TRUE(a && b);
  const at::Tensor x = picture(1);
  {
    const c10::NoGradGuard no_gradients;
    parameters.find("weights")->tensor.mul_(2);
  }
  const at::Tensor y = (*a->forward(std::span(&x, 1), RunMode{}))[0],
                   z = (*b->forward(std::span(&x, 1), RunMode{}))[0];
  EXPECT_TRUE(at::equal(y, z));
}

TEST(Parameters, AreTheGraphsConstantsBitForBit) {
  const Graph graph = network(layers_of(UnaryKind::kSilu));
  const Result<Parameters> parameters = Parameters::of(graph);
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->all().size(), 10u);
  for (const Parameter& p : parameters->all())
    EXPECT_TRUE(from_torch(p.tensor.detach()) == *graph.value(*graph.find_value(p.name)).constant)
        << p.name;
}

TEST(Parameters, OfAnotherGraphAreRefused) {
  const Graph graph = network(layers_of(UnaryKind::kSilu));
  const Result<Parameters> parameters = Parameters::of(graph);
  ASSERT_TRUE(parameters);
  std::vector<Layer> wider = layers_of(UnaryKind::kSilu);
  wider[1].channels = 8;
  const Graph other = network(wider);
  const Result<Module> module = Module::build(other, *parameters);
  ASSERT_FALSE(module);
  EXPECT_NE(module.error().message.find("weights_2"), std::string::npos)
      << module.error().message;
}

TEST(Moments, AreThoseOfAllBatchesTogether) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 2, 3, 4});
  graph.outputs = {graph.add_node(Unary{UnaryKind::kIdentity, 0, 0}, {x}, "y")};
  ASSERT_TRUE(infer_shapes(graph));
  at::manual_seed(8);
  const at::Tensor all =
      at::rand({6, 2, 3, 4}) + at::arange(2, at::kFloat).view({1, 2, 1, 1}) * 100;
  int64_t given = 0;
  const auto next = [&]() -> std::optional<at::Tensor> {
    if (given == 3) return std::nullopt;
    ++given;
    return all.slice(0, (given - 1) * given / 2, given * (given + 1) / 2);  // of 1, 2, 3 pictures
  };
  const auto moments = measure_moments(graph, graph.outputs, next);
  ASSERT_TRUE(moments) << moments.error().message;
  for (int64_t c = 0; c < 2; ++c) {
    const at::Tensor channel = all.select(1, c).to(at::kDouble);
    const auto i = static_cast<size_t>(c);
    EXPECT_NEAR((*moments)[0].mean[i], channel.mean().item<double>(), 1e-9);
    EXPECT_NEAR((*moments)[0].variance[i], channel.var(false).item<double>(), 1e-9);
  }
  const auto none = measure_moments(graph, graph.outputs, [] { return std::nullopt; });
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kInput);
}

// As YOLO12 attends to four areas of a map: what a picture comes to does not hang on its neighbours.
TEST(Areas, OfABatchAreThoseOfEachPicture) {
  const Graph graph = graph_of(
      "input %x: f32[1,6,4,4]\nconst %flat: i64[3] = [1, 6, 16]\n"
      "const %areas: i64[4] = [4, 4, 2, 3]\nconst %map: i64[4] = [1, 4, 4, 6]\n"
      "%a: ? = Reshape(%x, %flat)\n%b: ? = Transpose(%a) perm=[0,2,1]\n"
      "%c: ? = Reshape(%b, %areas)\n%q: ? = Transpose(%c) perm=[0,2,1,3]\n"
      "%k: ? = Transpose(%c) perm=[0,2,3,1]\n%s: ? = MatMul(%q, %k)\n%p: ? = Softmax(%s) axis=3\n"
      "%v: ? = MatMul(%p, %q)\n%t: ? = Transpose(%v) perm=[0,2,1,3]\n"
      "%y: ? = Reshape(%t, %map)\noutput %y");
  const Result<Module> module = Module::build(graph, doubles_of(graph));
  ASSERT_TRUE(module) << module.error().message;
  at::manual_seed(4);
  const at::Tensor batch = at::rand({3, 6, 4, 4}, at::kDouble);
  const auto together = module->forward(std::span(&batch, 1), RunMode{});
  ASSERT_TRUE(together) << together.error().message;
  ASSERT_EQ((*together)[0].sizes(), (at::IntArrayRef{3, 4, 4, 6}));
  for (int64_t n = 0; n < 3; ++n) {
    const at::Tensor one = batch.narrow(0, n, 1);
    const auto alone = module->forward(std::span(&one, 1), RunMode{});
    ASSERT_TRUE(alone) << alone.error().message;
    EXPECT_TRUE(at::allclose((*together)[0].narrow(0, n, 1), (*alone)[0], 0, 1e-12));
  }
}

}  // namespace
}  // namespace shrike::train
