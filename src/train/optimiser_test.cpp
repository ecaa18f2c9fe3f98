// Optimisers and the moving average against their formulas, an element at a time in doubles; and
// optimisers against LibTorch's own.
#include "train/optimiser.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <memory>
#include <random>

#include "train/ema.h"
#include "train/flat_parameters.h"

namespace shrike::train {
namespace {

constexpr int64_t kElements = 100'003;
constexpr double kMomentum = 0.9, kScale = 0.5;
const std::vector<Stretch> kStretches = {
    {0, 40'000, 0.01, 0.05}, {40'000, 70'001, 0.003, 0}, {70'001, kElements, 0, 0.05}};

std::vector<float> random_values(uint32_t seed, float most) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-most, most);
  std::vector<float> values(kElements);
  for (float& value : values) value = uniform(random);
  return values;
}

const Stretch& stretch_of(int64_t i) {
  return i < 40'000 ? kStretches[0] : i < 70'001 ? kStretches[1] : kStretches[2];
}

// One weight through all updates.
double expected(OptimiserKind kind, int64_t i, double w, const std::vector<double>& gradients) {
  const Stretch& s = stretch_of(i);
  double m = 0, v = 0, t = 0;
  for (const double gradient : gradients) {
    double g = gradient * kScale;
    ++t;
    if (kind == OptimiserKind::kSgd) {
      g += s.decay * w;
      m = kMomentum * m + g;
      w -= s.rate * (g + kMomentum * m);
    } else {
      w -= s.rate * s.decay * w;
      m = kMomentum * m + (1 - kMomentum) * g;
      v = 0.999 * v + 0.001 * g * g;
      w -= s.rate * (m / (1 - std::pow(kMomentum, t))) /
           (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    }
  }
  return w;
}

class Optimisers : public ::testing::TestWithParam<OptimiserName> {};

std::vector<float> trained(OptimiserKind kind, int updates, Optimiser* out = nullptr) {
  Optimiser optimiser(kind, kElements);
  std::vector<float> weights = random_values(1, 1);
  for (int u = 0; u < updates; ++u)
    optimiser.update(weights, random_values(static_cast<uint32_t>(u + 2), 3), kScale, kStretches,
                     kMomentum);
  if (out) *out = optimiser;
  return weights;
}

TEST_P(Optimisers, AreTheirFormulas) {
  constexpr int kUpdates = 5;
  const std::vector<float> start = random_values(1, 1), weights = trained(GetParam().value, 5);
  std::vector<std::vector<float>> gradients;
  for (uint32_t u = 0; u < kUpdates; ++u) gradients.push_back(random_values(u + 2, 3));
  for (int64_t i = 0; i < kElements; i += 37) {
    const auto at = static_cast<size_t>(i);
    std::vector<double> own;
    for (const std::vector<float>& g : gradients) own.push_back(g[at]);
    ASSERT_NEAR(weights[at], expected(GetParam().value, i, start[at], own), 2e-6) << i;
  }
  EXPECT_EQ(weights[kElements - 1], start[kElements - 1]) << "at a rate of 0";
  EXPECT_NE(weights[0], start[0]);
}

// Rates as they are in a warm-up: 0 for the first update, which moments learn of all the same.
TEST_P(Optimisers, DoWhatLibTorchsDo) {
  constexpr double kDecay = 0.05, kRates[] = {0, 0.002, 0, 0.01};
  std::vector<float> weights = random_values(1, 1);
  at::Tensor theirs = at::tensor(weights).set_requires_grad(true);
  std::unique_ptr<torch::optim::Optimizer> wanted;
  if (GetParam().value == OptimiserKind::kSgd)
    wanted = std::make_unique<torch::optim::SGD>(
        std::vector{theirs},
        torch::optim::SGDOptions(1).momentum(kMomentum).nesterov(true).weight_decay(kDecay));
  else
    wanted = std::make_unique<torch::optim::AdamW>(
        std::vector{theirs},
        torch::optim::AdamWOptions(1).betas({kMomentum, 0.999}).weight_decay(kDecay));
  Optimiser optimiser(GetParam().value, kElements);
  uint32_t seed = 2;
  for (const double rate : kRates) {
    const std::vector<float> gradients = random_values(seed++, 3);
    for (torch::optim::OptimizerParamGroup& group : wanted->param_groups())
      group.options().set_lr(rate);
    theirs.mutable_grad() = at::tensor(gradients);
    wanted->step();
    const Stretch all{0, kElements, rate, kDecay};
    optimiser.update(weights, gradients, 1, std::span(&all, 1), kMomentum);
    const float* const values = theirs.data_ptr<float>();
    for (size_t i = 0; i < weights.size(); ++i)
      ASSERT_NEAR(weights[i], values[i], 1e-6) << i << " at a rate of " << rate;
  }
}

TEST_P(Optimisers, GiveTheSameBitsWhateverTheThreads) {
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const std::vector<float> one = trained(GetParam().value, 3);
  at::set_num_threads(3);
  const std::vector<float> three = trained(GetParam().value, 3);
  at::set_num_threads(before);
  EXPECT_EQ(one, three);
}

TEST_P(Optimisers, GoOnFromTheirState) {
  Optimiser first(GetParam().value, kElements), second(GetParam().value, kElements);
  std::vector<float> weights = trained(GetParam().value, 3, &first);
  second.set_updates(first.updates());
  for (size_t s = 0; s < first.state().size(); ++s) {
    const std::span<float> from = first.state()[s].values, to = second.state()[s].values;
    std::copy(from.begin(), from.end(), to.begin());
  }
  second.update(weights, random_values(5, 3), kScale, kStretches, kMomentum);
  EXPECT_EQ(weights, trained(GetParam().value, 4));
}

INSTANTIATE_TEST_SUITE_P(Kinds, Optimisers, ::testing::ValuesIn(kOptimisers),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(MovingAverage, IsItsFormula) {
  const std::vector<float> start = random_values(1, 1);
  MovingAverage average(start);
  double wanted = start[7];
  for (uint32_t t = 1; t <= 4; ++t) {
    const std::vector<float> values = random_values(t + 1, 2);
    average.update(values);
    const double decay = 0.9999 * (1 - std::exp(-static_cast<double>(t) / 2000));
    EXPECT_DOUBLE_EQ(averaging_decay(t), decay);
    wanted = decay * wanted + (1 - decay) * static_cast<double>(values[7]);
  }
  EXPECT_NEAR(average.values()[7], wanted, 1e-6);
  EXPECT_EQ(average.updates(), 4);
  EXPECT_NEAR(averaging_decay(1'000'000), 0.9999, 1e-12);
}

TEST(Norm, IsTheRootOfTheSumOfSquares) {
  const std::vector<float> values = random_values(9, 2);
  long double sum = 0;
  for (const float v : values) sum += static_cast<long double>(v) * static_cast<long double>(v);
  EXPECT_NEAR(norm(values), static_cast<double>(std::sqrt(sum)), 1e-9);
  EXPECT_EQ(norm({}), 0);
  EXPECT_TRUE(std::isnan(norm(std::vector<float>{1, NAN})));
}

}  // namespace
}  // namespace shrike::train
