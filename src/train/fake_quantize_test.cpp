// Q and DQ with learned steps: against the paper's formula in loops, against the reference's
// operators, and by what a network learns with them.
#include "train/fake_quantize.h"

#include <cmath>

#include "train/test_support.h"

namespace shrike::train {
namespace {

using namespace testing;

constexpr double kLow = -37, kHigh = 90;

// The formula of fake_quantize.h, element by element, in doubles.
struct Oracle {
  std::vector<double> y, dx, ds;

  Oracle(const at::Tensor& x, const at::Tensor& steps, const at::Tensor& dy, double n) {
    const at::Tensor a = x.to(at::kDouble).contiguous(), g = dy.to(at::kDouble).contiguous(),
                     s = steps.to(at::kDouble).contiguous();
    const int64_t each = a.numel() / s.numel();
    ds.assign(static_cast<size_t>(s.numel()), 0);
    for (int64_t i = 0; i < a.numel(); ++i) {
      const auto c = static_cast<size_t>(i / each);
      const double step = s.data_ptr<double>()[c], v = a.data_ptr<double>()[i] / step;
      const double out = g.data_ptr<double>()[i];
      const bool below = v<kLow, above = v> kHigh;
      y.push_back((below ? kLow : above ? kHigh : std::nearbyint(v)) * step);
      dx.push_back(below || above ? 0 : out);
      ds[c] += out * (below ? kLow : above ? kHigh : std::nearbyint(v) - v);
    }
    for (double& sum : ds) sum /= std::sqrt(n * kHigh);
  }
};

void expect_near(const at::Tensor& got, const std::vector<double>& expected, double tolerance,
                 const std::string& what) {
  const at::Tensor values = got.to(at::kDouble).contiguous();
  ASSERT_EQ(values.numel(), static_cast<int64_t>(expected.size())) << what;
  double range = 0;
  for (const double value : expected) range = std::max(range, std::abs(value));
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(values.data_ptr<double>()[i], expected[i], tolerance * range + 1e-12)
        << what << " at " << i;
}

// x of which a part lies beyond the range at either end.
at::Tensor values_of(at::IntArrayRef shape, const at::Tensor& steps) {
  const at::Tensor s = steps.numel() == 1 ? steps.reshape({}) : steps.reshape({-1, 1, 1, 1});
  return (at::rand(shape, at::kDouble) * 180 - 60) * s;
}

void expect_formula(at::IntArrayRef shape, int64_t channels, at::ScalarType type, double n) {
  at::manual_seed(3);
  const at::Tensor steps =
      (at::rand({channels}, at::kDouble) * 0.1 + 0.02).to(type).requires_grad_(true);
  const at::Tensor x =
      values_of(shape, steps.detach().to(at::kDouble)).to(type).requires_grad_(true);
  const at::Tensor dy = at::randn(shape, at::kDouble).to(type);
  const at::Tensor y = fake_quantize(x, steps, {kLow, kHigh});
  y.backward(dy);
  const Oracle oracle(x.detach(), steps.detach(), dy, n);
  const double tolerance = type == at::kDouble ? 1e-12 : 1e-5;
  expect_near(y, oracle.y, tolerance, "y");
  expect_near(x.grad(), oracle.dx, tolerance, "dx");
  expect_near(steps.grad(), oracle.ds, tolerance, "ds");
}

TEST(FakeQuantize, IsTheFormulaOfATensor) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    expect_formula({2, 5, 7, 9}, 1, type, 5 * 7 * 9);
    expect_formula({3, 16, 40, 33}, 1, type, 16 * 40 * 33);  // of several blocks
  }
}

TEST(FakeQuantize, IsTheFormulaOfWeights) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    expect_formula({6, 5, 3, 3}, 6, type, 45);
    expect_formula({2, 1200, 5, 5}, 2, type, 30000);
  }
}

TEST(FakeQuantize, LayoutsGiveTheSame) {
  at::manual_seed(4);
  const at::Tensor steps = at::full({}, 0.05, at::kFloat);
  const at::Tensor plain = values_of({2, 6, 5, 7}, steps.to(at::kDouble)).to(at::kFloat);
  const at::Tensor dy = at::randn({2, 6, 5, 7});
  std::vector<at::Tensor> gradients, outputs;
  for (const at::MemoryFormat x_format :
       {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast})
    for (const at::MemoryFormat dy_format :
         {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const at::Tensor x = plain.clone(x_format).requires_grad_(true);
      const at::Tensor y = fake_quantize(x, steps, {kLow, kHigh});
      EXPECT_EQ(y.strides(), x.strides());
      y.backward(dy.clone(dy_format));
      outputs.push_back(y.detach());
      gradients.push_back(x.grad());
    }
  for (size_t i = 1; i < outputs.size(); ++i) {
    EXPECT_TRUE(at::equal(outputs[i], outputs[0]));
    EXPECT_TRUE(at::equal(gradients[i], gradients[0]));
  }
}

// Beyond the range y = low * s or high * s: there the step's gradient, less g, is what differences
// give.
TEST(FakeQuantize, StepsOfWhatIsClippedByDifferences) {
  at::manual_seed(5);
  const at::Tensor side =
      at::where(at::rand({1, 40}, at::kDouble) < 0.5, at::full({}, kLow - 20, at::kDouble),
                at::full({}, kHigh + 20, at::kDouble));
  const at::Tensor steps = at::full({1}, 0.1, at::kDouble).requires_grad_(true);
  const at::Tensor x = side * 0.1, dy = at::randn({1, 40}, at::kDouble);
  fake_quantize(x, steps, {kLow, kHigh}).backward(dy);
  const auto loss = [&](double step) {
    const at::Tensor y = fake_quantize(x, at::full({1}, step, at::kDouble), {kLow, kHigh});
    return at::sum(y * dy).item<double>();
  };
  const double numeric = (loss(0.1 + 1e-6) - loss(0.1 - 1e-6)) / 2e-6;
  EXPECT_NEAR(steps.grad().item<double>(), numeric / std::sqrt(40 * kHigh), 1e-6);
}

TEST(FakeQuantize, WhatIsNoNumberStaysOne) {
  const at::Tensor x = at::tensor(std::vector<float>{1, NAN, 2});
  const at::Tensor y = fake_quantize(x, at::full({}, 0.1f), {0, 255});
  EXPECT_TRUE(std::isnan(y[1].item<float>()));
  EXPECT_NEAR(y[2].item<float>(), 2, 1e-6);
}

TEST(RoundBias, ToStepsOfProductsAndNoFurther) {
  const at::Tensor bias = at::tensor(std::vector<float>{0.1234f, -3.21f, 0}).requires_grad_(true);
  const at::Tensor x_step = at::full({}, 0.02f).requires_grad_(true);
  const at::Tensor w_steps =
      at::tensor(std::vector<float>{0.5f, 0.001f, 0.1f}).requires_grad_(true);
  const at::Tensor rounded = round_bias(bias, x_step, w_steps);
  const double expected[] = {12 * 0.01, -160500 * 0.00002, 0};
  for (int64_t o = 0; o < 3; ++o) EXPECT_NEAR(rounded[o].item<float>(), expected[o], 1e-6) << o;
  rounded.backward(at::tensor(std::vector<float>{1, 2, 3}));
  EXPECT_TRUE(at::equal(bias.grad(), at::tensor(std::vector<float>{1, 2, 3})));
  EXPECT_FALSE(x_step.grad().defined());
  EXPECT_FALSE(w_steps.grad().defined());
}

// x -> conv (weights of 4 bits, a step a filter) -> Relu -> conv -> y; both pictures and maps in
// bytes.
constexpr const char* kNetwork =
    "input %x: f32[8,2,6,6]\n"
    "const %x.scale: f32[] = [0.016]\nconst %zero: u8[] = hex\"80\"\nconst %a.step: f32[] = [-4]\n"
    "const %u: f32[4,2,3,3] = [WEIGHTS72]\nconst %u.step: f32[4] = [-1, -1, -1, -1]\n"
    "const %w: f32[2,4,1,1] = [WEIGHTS8]\nconst %w.step: f32[2] = [-1, -1]\n"
    "const %b: f32[4] = [0.1, 0.2, -0.1, 0]\n"
    "const %z4: i8[4] = hex\"00000000\"\nconst %z2: i8[2] = hex\"0000\"\nconst %za: u8[] = "
    "hex\"00\"\n"
    "const %low: i8[] = hex\"f9\"\nconst %high: i8[] = hex\"07\"\n"
    "%u.scale: ? = Exp(%u.step)\n%w.scale: ? = Exp(%w.step)\n%a.scale: ? = Exp(%a.step)\n"
    "%qx: ? = QuantizeLinear(%x, %x.scale, %zero)\n"
    "%rx: ? = DequantizeLinear(%qx, %x.scale, %zero)\n"
    "%qu: ? = QuantizeLinear(%u, %u.scale, %z4) axis=0\n%cu: ? = Clip(%qu, %low, %high)\n"
    "%ru: ? = DequantizeLinear(%cu, %u.scale, %z4) axis=0\n"
    "%c: ? = Conv(%rx, %ru, %b) pads=[1,1,1,1]\n%a: ? = Relu(%c)\n"
    "%qa: ? = QuantizeLinear(%a, %a.scale, %za)\n"
    "%p: ? = DequantizeLinear(%qa, %a.scale, %za)\n"
    "%qw: ? = QuantizeLinear(%w, %w.scale, %z2) axis=0\n%cw: ? = Clip(%qw, %low, %high)\n"
    "%rw: ? = DequantizeLinear(%cw, %w.scale, %z2) axis=0\n"
    "%y: ? = Conv(%p, %rw)\noutput %y";

std::string list_of(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-0.9f, 0.9f);
  std::string text;
  for (int i = 0; i < count; ++i) text += (i ? ", " : "") + std::to_string(uniform(random));
  return text;
}

Graph network() {
  std::string text = kNetwork;
  for (const int count : {72, 8}) {
    const std::string place = "WEIGHTS" + std::to_string(count);
    text.replace(text.find(place), place.size(), list_of(count, static_cast<unsigned>(count)));
  }
  return graph_of(text);
}

// With a bias of whole steps of products the readable reference, which rounds none, gives the same.
TEST(LearnedIntegers, AreTheReferencesOperators) {
  Graph graph = network();
  const ValueId bias = *graph.find_value("b"), e = *graph.find_value("u.step");
  for (size_t o = 0; o < 4; ++o)
    graph.value(bias).constant->mutable_data<float>()[o] =
        static_cast<float>(o) * 7 * 0.016f * std::exp(graph.constant(e)->data<float>()[o]);
  std::mt19937 random(1);
  const std::vector<Tensor> inputs = random_inputs(graph, random);
  const Result<std::vector<Tensor>> expected = evaluate_graph(graph, inputs),
                                    got = run_module(graph, inputs);
  ASSERT_TRUE(expected && got) << got.error().message;
  expect_close((*got)[0], (*expected)[0], 1e-5, "y");
}

TEST(LearnedIntegers, AreParametersByName) {
  const Result<Parameters> parameters = Parameters::of(network());
  ASSERT_TRUE(parameters) << parameters.error().message;
  std::map<std::string, ParameterRole> roles;
  for (const Parameter& p : parameters->all()) roles[p.name] = p.role;
  const std::map<std::string, ParameterRole> expected = {
      {"a.step", ParameterRole::kStep}, {"b", ParameterRole::kBias},
      {"u", ParameterRole::kWeight},    {"u.step", ParameterRole::kStep},
      {"w", ParameterRole::kWeight},    {"w.step", ParameterRole::kStep}};
  EXPECT_EQ(roles, expected) << "but the picture's step";
  EXPECT_TRUE(learns(ParameterRole::kStep));
  EXPECT_FALSE(decays(ParameterRole::kStep));
}

// What moves elements between integers of one form is not rounded again.
TEST(LearnedIntegers, AreRoundedOnceWhereTheyOnlyMove) {
  const Graph graph = graph_of(
      "input %x: f32[1,2,4,4]\nconst %e: f32[] = [-3]\nconst %z: u8[] = hex\"09\"\n%s: ? = "
      "Exp(%e)\n"
      "%q: ? = QuantizeLinear(%x, %s, %z)\n%r: ? = DequantizeLinear(%q, %s, %z)\n"
      "%m: ? = MaxPool(%r) kernel_shape=[2,2]\n"
      "%mq: ? = QuantizeLinear(%m, %s, %z)\n%mr: ? = DequantizeLinear(%mq, %s, %z)\n"
      "output %mr");
  const Parameters parameters = *Parameters::of(graph);
  const Module module = *Module::build(graph, parameters);
  EXPECT_EQ(module.steps(), 3u);
  const at::Tensor x = at::rand({1, 2, 4, 4});
  const std::vector<at::Tensor> y = *module.forward(std::span(&x, 1), RunMode{});
  EXPECT_TRUE(at::equal(
      y[0],
      at::max_pool2d(fake_quantize(x, steps_of(at::full({}, -3.0f)), {-9, 246}), {2, 2}, {1, 1})));
}

// Weights of 4 bits and steps that were chosen badly: most of what that costs is learned away.
TEST(LearnedIntegers, LearnWhatFourBitsCost) {
  const Graph graph = network();
  const Parameters parameters = *Parameters::of(graph);
  const Module module = *Module::build(graph, parameters);
  at::manual_seed(6);
  const at::Tensor x = at::rand({8, 2, 6, 6}) * 4 - 2;
  const auto plain = [&](const char* name) {
    return parameters.find(name)->tensor.detach().clone();
  };
  const at::Tensor wanted =
      at::conv2d(at::relu(at::conv2d(x, plain("u"), plain("b"), 1, 1)), plain("w"));
  const auto error = [&] {
    return at::mean(at::square((*module.forward(std::span(&x, 1), RunMode{}))[0] - wanted));
  };
  const double before = error().item<double>();
  std::map<std::string, at::Tensor> moments;
  for (int i = 0; i < 400; ++i) {
    for (const Parameter& p : parameters.all()) p.tensor.mutable_grad().reset();
    error().backward();
    for (const Parameter& p : parameters.all()) {
      at::Tensor& second = moments.try_emplace(p.name, at::zeros_like(p.tensor)).first->second;
      const at::Tensor g = p.tensor.grad();
      second = 0.9 * second + 0.1 * g * g;
      p.tensor.detach().sub_(0.01 * (1 - i / 400.0) * g / (at::sqrt(second) + 1e-8));
    }
  }
  const double after = error().item<double>();
  EXPECT_LT(after, 0.3 * before);
  EXPECT_GT(before, 0.01 * at::var(wanted, false).item<double>()) << "there was much to learn";
}

}  // namespace
}  // namespace shrike::train
