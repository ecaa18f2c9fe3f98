// Batch norm over ranks against that of one process on all their maps, in doubles by operators, and
// in floats by kernels.
#include "train/rank_norm.h"

#include "train/conv_norm.h"
#include "train/group_testing.h"

namespace shrike::train {
namespace {

using namespace testing;

constexpr int64_t kChannels = 5;

struct Case {
  std::vector<int64_t> pictures;  // of each rank
  double far;                     // mean of the maps
};

at::Tensor whole_map(const Case& c, at::ScalarType type) {
  at::manual_seed(8);
  int64_t pictures = 0;
  for (const int64_t of_rank : c.pictures) pictures += of_rank;
  return (at::randn({pictures, 3, 6, 7}, at::kDouble) + c.far).to(type);
}

// What a layer has beside its map.
ConvNormInputs layer(at::ScalarType type) {
  at::manual_seed(9);
  const auto random = [&](at::IntArrayRef shape) { return at::rand(shape, type) + 0.5; };
  return {{},
          random({kChannels, 3, 3, 3}),
          random({kChannels}),
          random({kChannels}),
          random({kChannels}),
          random({kChannels})};
}

// Copies of these for a map, as they are learned and run on in place.
ConvNormInputs inputs(const ConvNormInputs& layer, const at::Tensor& x) {
  ConvNormInputs in{x.clone(),           layer.weights.clone(),      layer.scale.clone(),
                    layer.shift.clone(), layer.running_mean.clone(), layer.running_variance.clone()};
  for (at::Tensor* learned : {&in.x, &in.weights, &in.scale, &in.shift})
    learned->requires_grad_(true);
  return in;
}

// Output, gradient of the map, those of what is learned, running statistics.
struct Outcome {
  at::Tensor y, dx;
  std::vector<at::Tensor> learned, running;
};

Outcome outcome(const ConvNormInputs& in, const at::Tensor& slope, const RankSum& sum) {
  ConvNorm op;
  op.windows = {{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
  op.activation = {UnaryKind::kSilu, 0, 0};
  const at::Tensor y = conv_norm(in, op, 0.1, sum);
  at::sum(y * y * slope).backward();
  return {y.detach(),
          in.x.grad(),
          {in.weights.grad(), in.scale.grad(), in.shift.grad()},
          {in.running_mean, in.running_variance}};
}

void expect_near(const at::Tensor& got, const at::Tensor& expected, double tolerance) {
  const double range = at::max(at::abs(expected)).item<double>();
  EXPECT_LE(at::max(at::abs(got - expected)).item<double>(), tolerance * range);
}

void expect_as_one_process(const Case& c, at::ScalarType type, double tolerance) {
  const at::Tensor x = whole_map(c, type);
  const ConvNormInputs same = layer(type);  // random numbers are not for several threads
  const at::Tensor slope =
      at::sin(at::arange(x.size(0) * kChannels * 42, x.options())).view({-1, kChannels, 6, 7});
  const Outcome one = outcome(inputs(same, x), slope, {});
  on_ranks(static_cast<int>(c.pictures.size()), [&](ProcessGroup& group) {
    const auto rank = static_cast<size_t>(group.rank());
    int64_t first = 0;
    for (size_t r = 0; r < rank; ++r) first += c.pictures[r];
    const int64_t end = first + c.pictures[rank];
    const RankSum sum = [&](const at::Tensor& t) { return group.summed(t); };
    const Outcome own =
        outcome(inputs(same, x.slice(0, first, end)), slope.slice(0, first, end), sum);
    expect_near(own.y, one.y.slice(0, first, end), tolerance);
    expect_near(own.dx, one.dx.slice(0, first, end), tolerance);
    for (size_t i = 0; i < own.learned.size(); ++i)
      expect_near(sum(own.learned[i]), one.learned[i], tolerance);
    for (size_t i = 0; i < own.running.size(); ++i)
      expect_near(own.running[i], one.running[i], tolerance);
  });
}

TEST(RankNorm, IsThatOfOneProcess) {
  for (const Case& c : {Case{{2, 2}, 0}, {{1, 3}, 2}, {{1, 1, 2}, 0}}) {
    expect_as_one_process(c, at::kDouble, 1e-12);
    expect_as_one_process(c, at::kFloat, 2e-5);
  }
}

TEST(RankNorm, KeepsAccuracyFarFromZero) {
  expect_as_one_process({{2, 1}, 100}, at::kDouble, 1e-9);
  expect_as_one_process({{2, 1}, 100}, at::kFloat, 1e-2);
}

}  // namespace
}  // namespace shrike::train
