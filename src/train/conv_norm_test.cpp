// The channels-last function against LibTorch's own convolution, batch norm and activation: as near
// to what they give in doubles as they are in floats.
#include "train/conv_norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "train/channels_last_conv.h"
#include "train/map_norm.h"
#include "train/operator_site.h"

namespace shrike::train {
namespace {

struct Case {
  const char* name;
  int64_t in, out, groups = 1;
  std::vector<int64_t> kernel = {3, 3}, stride = {1, 1}, dilation = {1, 1}, before = {1, 1},
                       after = {1, 1};
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

ConvNorm op_of(const Case& c, const Unary& f) {
  ConvNorm op;
  op.windows = {c.kernel, c.stride, c.dilation, c.before, c.after};
  op.groups = c.groups;
  op.epsilon = 1e-3;
  op.activation = f;
  return op;
}

ConvNormInputs random_inputs(const Case& c, int64_t batch) {
  at::manual_seed(17);
  return {at::randn({batch, c.in, 11, 9}) + 0.5,
          at::randn({c.out, c.in / c.groups, c.kernel[0], c.kernel[1]}) * 0.3,
          at::rand(c.out) + 0.5,
          at::randn(c.out),
          at::randn(c.out),
          at::rand(c.out) + 0.5};
}

ConvNormInputs copies(const ConvNormInputs& in, at::ScalarType type) {
  const auto copy = [&](const at::Tensor& t) { return t.detach().to(type, false, true); };
  return {copy(in.x).requires_grad_(),     copy(in.weights).requires_grad_(),
          copy(in.scale).requires_grad_(), copy(in.shift).requires_grad_(),
          copy(in.running_mean),           copy(in.running_variance)};
}

at::Tensor whole(const ConvNormInputs& in, const ConvNorm& op, double momentum) {
  return conv_norm(in, op, momentum);
}

// conv_norm(), step by step.
at::Tensor parts(const ConvNormInputs& in, const ConvNorm& op, double momentum) {
  const at::Tensor z = convolve(in.x, in.weights, {}, op.windows, op.groups);
  return apply_unary(op.activation,
                     at::batch_norm(z, in.scale, in.shift, in.running_mean, in.running_variance,
                                    true, momentum, op.epsilon, false));
}

// Output, gradients, running statistics.
template <typename Function>
std::vector<at::Tensor> results(const Function& function, const ConvNormInputs& in,
                                const ConvNorm& op) {
  const at::Tensor y = function(in, op, 0.1);
  const at::Tensor target = at::sin(at::arange(y.numel(), y.options()).reshape(y.sizes()) * 0.7);
  at::sum((y - target) * (y - target)).backward();
  return {y.detach(),      in.x.grad(),     in.weights.grad(),  in.scale.grad(),
          in.shift.grad(), in.running_mean, in.running_variance};
}

constexpr const char* kNames[] = {"y", "x", "weights", "scale", "shift", "mean", "variance"};

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b).norm().item<double>() / (b.norm().item<double>() + 1e-12);
}

// Rounding is amplified by what a batch norm takes out of a gradient, in either way of computing.
void expect_as_near_as_parts(const Case& c, const Unary& f, int64_t batch) {
  const ConvNormInputs given = random_inputs(c, batch);
  ASSERT_TRUE(takes_channels_last(given.x));
  const ConvNorm op = op_of(c, f);
  const auto got = results(whole, copies(given, at::kFloat), op);
  const auto floats = results(parts, copies(given, at::kFloat), op);
  const auto doubles = results(parts, copies(given, at::kDouble), op);
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].sizes(), doubles[i].sizes());
    EXPECT_LE(distance(got[i], doubles[i]), 2 * distance(floats[i], doubles[i]) + 2e-6)
        << c.name << ' ' << kNames[i] << ", LibTorch's " << distance(floats[i], doubles[i]);
  }
}

class ConvNormCases : public ::testing::TestWithParam<Case> {};

TEST_P(ConvNormCases, GoBackAsTheirParts) {
  expect_as_near_as_parts(GetParam(), {UnaryKind::kSilu, 0, 0}, 3);
  expect_as_near_as_parts(GetParam(), {UnaryKind::kLeakyRelu, 0.1f, 0}, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConvNormCases,
    ::testing::Values(Case{"one", 1, 1}, Case{"pictures", 3, 16}, Case{"odd", 7, 12},
                      Case{"wide", 32, 67}, Case{"strided", 16, 33, 1, {3, 3}, {2, 2}},
                      Case{"pointwise", 12, 7, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
                      Case{"pointwise_strided", 16, 16, 1, {1, 1}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
                      Case{"oblong", 8, 8, 1, {1, 5}, {1, 1}, {1, 1}, {0, 2}, {0, 2}},
                      Case{"even", 4, 6, 1, {2, 2}, {1, 2}},
                      Case{"asymmetric", 3, 8, 1, {3, 3}, {2, 2}, {1, 1}, {0, 1}, {1, 0}},
                      Case{"dilated", 16, 16, 1, {3, 3}, {1, 1}, {2, 3}, {2, 3}, {2, 3}},
                      Case{"grouped", 12, 9, 3}, Case{"depthwise", 16, 16, 16},
                      Case{"depthwise_odd", 7, 7, 7, {5, 5}, {2, 2}, {1, 1}, {2, 2}, {2, 2}},
                      Case{"multiplied", 4, 8, 4}, Case{"grouped_wide", 64, 64, 4}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ConvNorm, TakesEveryActivationWithADerivative) {
  for (UnaryKind kind : {UnaryKind::kIdentity, UnaryKind::kRelu, UnaryKind::kLeakyRelu,
                         UnaryKind::kSilu, UnaryKind::kHardSwish, UnaryKind::kMish}) {
    ASSERT_TRUE(has_derivative(kind));
    expect_as_near_as_parts({"activation", 5, 18}, {kind, 0.2f, 0}, 2);
  }
}

TEST(ConvNorm, TakesPartsOfMapsAndOfGradients) {
  const Case c{"part", 16, 16};
  const Unary silu{UnaryKind::kSilu, 0, 0};
  std::vector<at::Tensor> gradients[2];
  for (int i = 0; i < 2; ++i) {
    const auto type = i == 0 ? at::kFloat : at::kDouble;
    const ConvNormInputs in = copies(random_inputs({"whole", 48, 16, 3}, 2), type);
    const at::Tensor x = in.x.detach().contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
    ConvNormInputs part = in;
    part.x = x.slice(1, 16, 32);
    const at::Tensor y =
        i == 0 ? conv_norm(part, op_of(c, silu), 0.1) : parts(part, op_of(c, silu), 0.1);
    const at::Tensor joined = at::cat({part.x, y, y * 2}, 1);
    const at::Tensor target = at::cos(at::arange(joined.numel(), joined.options()));
    at::sum(joined * joined * target.view_as(joined)).backward();
    gradients[i] = {x.grad(), in.weights.grad(), in.scale.grad(), in.shift.grad()};
  }
  for (size_t i = 0; i < gradients[0].size(); ++i)
    EXPECT_LE(distance(gradients[0][i], gradients[1][i]), 2e-5) << i;
}

// A channel far from zero, as unscaled pictures make them.
TEST(ConvNorm, KeepsAccuracyFarFromZero) {
  const Case c{"far", 3, 8, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}};
  ConvNormInputs given = random_inputs(c, 4);
  given.x = given.x * 0.1 + 100;
  const auto got = results(whole, copies(given, at::kFloat), op_of(c, {}));
  const auto expected = results(parts, copies(given, at::kDouble), op_of(c, {}));
  EXPECT_LE(distance(got[0], expected[0]), 1e-3);
  EXPECT_LE(distance(got[6], expected[6]), 1e-4) << "variance";
}

TEST(ConvNorm, HasTheSameStatisticsWithAnyThreads) {
  at::manual_seed(4);
  const at::Tensor z = at::randn({5, 24, 40, 33}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor dy = at::randn(z.sizes()), one = at::ones(24), zero = at::zeros(24);
  const Unary silu{UnaryKind::kSilu, 0, 0};
  std::vector<at::Tensor> first;
  const int before = at::get_num_threads();
  for (int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    const NormWeights weights{one, zero, at::zeros(24), at::ones(24)};
    const MapNorm norm = measure_norm(z, weights, 1e-3, 0.1);
    const at::Tensor y = at::empty_like(z), dz = z.clone();
    apply_norm(silu, norm, z, {0, 24}, y, 0);
    const NormGradients gradients = norm_backward(silu, norm, dy, dz);
    const std::vector<at::Tensor> all{norm.mean, norm.inverse,    y,
                                      dz,        gradients.scale, weights.running_variance};
    if (first.empty()) first = all;
    for (size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(at::equal(all[i], first[i])) << i;
  }
  at::set_num_threads(before);
}

// Factors are rounded to 8 bits, sums are not: results differ from doubles' by parts of 2^-8, in
// either layout. What comes out has the maps' type.
TEST(ConvNorm, MultipliesInBfloat16) {
  for (const Case& c : {Case{"odd", 7, 12}, Case{"depthwise", 16, 16, 16},
                        Case{"asymmetric", 3, 8, 1, {3, 3}, {2, 2}, {1, 1}, {0, 1}, {1, 0}}}) {
    const ConvNormInputs given = random_inputs(c, 3);
    ConvNorm op = op_of(c, {UnaryKind::kSilu, 0, 0});
    const auto expected = results(parts, copies(given, at::kDouble), op);
    const auto floats = results(whole, copies(given, at::kFloat), op);
    op.products = at::kBFloat16;
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
      const auto got = results(whole, copies(given, type), op);
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].scalar_type(), type) << c.name << ' ' << kNames[i];
        EXPECT_LE(distance(got[i], expected[i]), 0.02) << c.name << ' ' << kNames[i];
      }
      EXPECT_GT(distance(got[2], expected[2]), 10 * distance(floats[2], expected[2])) << c.name;
    }
  }
}

TEST(ConvNorm, GoesBackOnce) {
  const Case c{"twice", 3, 4};
  const ConvNormInputs in = copies(random_inputs(c, 1), at::kFloat);
  const at::Tensor loss = at::sum(conv_norm(in, op_of(c, {UnaryKind::kSilu, 0, 0}), 0.1));
  loss.backward({}, true);
  EXPECT_THROW(loss.backward(), c10::Error);
}

}  // namespace
}  // namespace shrike::train
