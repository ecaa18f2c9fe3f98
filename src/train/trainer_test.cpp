// The trainer as a whole, on the smallest built-in network and pictures of noise.
#include "train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "train/device.h"
#include "train/flat_parameters.h"
#include "zoo/scratch.h"

namespace shrike::train {
namespace {

constexpr int kSide = 64;

TrainingGraph network(int64_t classes) {
  zoo::ScratchOptions options;
  options.classes = classes;
  options.size = {kSide, kSide};
  Result<Graph> graph = zoo::scratch_model("yolov8n", options);
  EXPECT_TRUE(graph);
  Result<TrainingGraph> training = prepare_for_training(*std::move(graph), kSide, kSide);
  EXPECT_TRUE(training);
  return *std::move(training);
}

// Updates of two batches, once the warm-up of two is over.
TrainerOptions options_of_two() {
  TrainerOptions options;
  options.preprocess = Preprocess::ultralytics(kSide, kSide);
  options.schedule.epochs = 10;
  options.schedule.batches = 2;
  options.schedule.batch = 2;
  options.schedule.nominal = 4;
  options.schedule.warmup_epochs = 1;
  options.schedule.rate = 0.001;
  return options;
}

Trainer made(int64_t classes, const TrainerOptions& options) {
  Result<Trainer> trainer = Trainer::create(network(classes), options);
  EXPECT_TRUE(trainer) << trainer.error().message;
  return *std::move(trainer);
}

Batch batch_of(uint32_t seed) {
  std::mt19937 random(seed);
  Batch batch;
  batch.width = batch.height = kSide;
  batch.samples = {0, 1};
  batch.pixels.resize(2 * batch.picture_bytes());
  for (uint8_t& byte : batch.pixels) byte = static_cast<uint8_t>(random());
  batch.targets = {{0, 1, {10, 10, 40, 40}}, {1, 0, {20, 5, 60, 50}}};
  return batch;
}

void learn(Trainer& trainer, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; ++i) {
    const Result<StepReport> report = trainer.step(batch_of(i));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->finite);
  }
}

void expect_same(const Trainer& a, const Trainer& b) {
  const std::vector<NamedTensor> x = a.tensors(), y = b.tensors();
  ASSERT_EQ(x.size(), y.size());
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(x[i].name, y[i].name);
    EXPECT_TRUE(x[i].tensor == y[i].tensor) << x[i].name;
  }
}

bool has_gradients(const Trainer& trainer) {
  for (const NamedTensor& tensor : trainer.tensors())
    if (tensor.name.starts_with("gradients/")) return true;
  return false;
}

TEST(Trainer, GoesOnWithTheSameBits) {
  for (const uint32_t cut : {3u, 4u, 5u}) {
    Trainer first = made(2, options_of_two()), second = made(2, options_of_two());
    learn(first, 0, cut);
    const Result<void> on = second.go_on_from(first.place(), first.tensors());
    ASSERT_TRUE(on) << on.error().message;
    learn(second, cut, 8);
    learn(first, cut, 8);
    expect_same(first, second);
    EXPECT_EQ(second.place().batches, 8);
  }
}

TEST(Trainer, AddsBatchesUpToAnUpdate) {
  Trainer trainer = made(2, options_of_two());
  learn(trainer, 0, 1);
  EXPECT_EQ(trainer.place().updates, 1) << "of one batch, at the start of the warm-up";
  EXPECT_FALSE(has_gradients(trainer));
  learn(trainer, 1, 2);
  EXPECT_EQ(trainer.place().updates, 1);
  EXPECT_TRUE(has_gradients(trainer));
  learn(trainer, 2, 3);
  EXPECT_EQ(trainer.place().updates, 2);
  EXPECT_FALSE(has_gradients(trainer));
}

// Its checkpoint would be of no use.
TEST(Trainer, InfiniteGradientsAreNoticedWhileTheyAreAddedUp) {
  TrainerOptions options = options_of_two();
  options.schedule.nominal = 6;
  options.schedule.warmup_epochs = 0;
  Trainer trainer = made(2, options);
  learn(trainer, 0, 1);
  std::vector<NamedTensor> tensors = trainer.tensors();
  const TrainerPlace place = trainer.place();
  ASSERT_EQ(place.updates, 0) << "of three batches";
  const auto gradient = std::find_if(tensors.begin(), tensors.end(), [](const NamedTensor& tensor) {
    return tensor.name.starts_with("gradients/");
  });
  ASSERT_NE(gradient, tensors.end());
  gradient->tensor.mutable_data<float>()[0] = std::numeric_limits<float>::infinity();
  ASSERT_TRUE(trainer.go_on_from(place, tensors));
  const Result<StepReport> report = trainer.step(batch_of(1));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->finite);
  EXPECT_EQ(trainer.place().batches, 1);
}

TEST(Trainer, ATrainerThatIsFrozenWholeIsRefused) {
  TrainerOptions options = options_of_two();
  options.frozen = [](const std::string&) { return true; };
  const Result<Trainer> trainer = Trainer::create(network(2), options);
  ASSERT_FALSE(trainer);
  EXPECT_EQ(trainer.error().kind, ErrorKind::kUsage);
  EXPECT_NE(trainer.error().message.find("--freeze"), std::string::npos) << trainer.error().message;
}

TEST(Trainer, WhatIsFrozenStaysAsItIs) {
  TrainerOptions options = options_of_two();
  options.frozen = [](const std::string& name) { return name.starts_with("model.0."); };
  Trainer trainer = made(2, options);
  std::map<std::string, Tensor> before;
  for (NamedTensor& tensor : trainer.tensors()) before[tensor.name] = std::move(tensor.tensor);
  learn(trainer, 0, 4);
  int frozen = 0, moved = 0;
  for (const NamedTensor& tensor : trainer.tensors()) {
    const bool learned = tensor.name.ends_with(".weight") || tensor.name.ends_with(".bias");
    const size_t slash = tensor.name.find('/');
    const std::string kind = tensor.name.substr(0, slash);
    if ((kind != "weights" && kind != "average") || !learned) continue;
    const bool same = before.at(tensor.name) == tensor.tensor;
    if (tensor.name.substr(slash + 1).starts_with("model.0.")) {
      EXPECT_TRUE(same) << tensor.name;
      ++frozen;
    } else {
      moved += same ? 0 : 1;
    }
  }
  EXPECT_EQ(frozen, 2 * 3) << "of a convolution and its batch norm, and their averages";
  EXPECT_GT(moved, 100);
}

TEST(Trainer, OtherSizesShareTheWeights) {
  Trainer trainer = made(2, options_of_two());
  Batch large = batch_of(1);
  large.width = large.height = 96;
  large.pixels.resize(2 * large.picture_bytes(), 90);
  const auto before = trainer.tensors();
  const Result<StepReport> report = trainer.step(large);
  ASSERT_TRUE(report) << report.error().message;
  learn(trainer, 1, 3);
  EXPECT_FALSE(before[0].tensor == trainer.tensors()[0].tensor);
  large.width = large.height = 65;
  EXPECT_FALSE(trainer.step(large));
}

TEST(Trainer, LearnsInBfloat16WithTheSameBits) {
  TrainerOptions options = options_of_two();
  options.precision = Precision::kBf16;
  Trainer first = made(2, options), second = made(2, options), floats = made(2, options_of_two());
  learn(first, 0, 3);
  learn(floats, 0, 3);
  ASSERT_TRUE(second.go_on_from(first.place(), first.tensors()));
  learn(first, 3, 6);
  learn(second, 3, 6);
  expect_same(first, second);
  const std::vector<NamedTensor> x = first.tensors(), y = floats.tensors();
  for (const NamedTensor& tensor : x) EXPECT_EQ(tensor.tensor.dtype(), DType::kF32) << tensor.name;
  EXPECT_FALSE(x[0].tensor == y[0].tensor);
}

TEST(Trainer, DevicesAreNamedWhereTheyAreNotThere) {
  TrainerOptions options = options_of_two();
  for (const char* name : {"tpu", "cuda:x", "cuda:-2", "", "cudas"}) {
    options.device = name;
    const Result<Trainer> trainer = Trainer::create(network(2), options);
    ASSERT_FALSE(trainer) << name;
    EXPECT_EQ(trainer.error().kind, ErrorKind::kUsage) << name;
  }
  options.device = "cuda:99";
  const Result<Trainer> trainer = Trainer::create(network(2), options);
  ASSERT_FALSE(trainer);
  EXPECT_NE(trainer.error().message.find("cuda:99"), std::string::npos) << trainer.error().message;
}

TEST(Trainer, EachProcessOfAHostHasAGpuOfItsOwn) {
  EXPECT_EQ(*gpu_of(-1, 0, 2), 0);
  EXPECT_EQ(*gpu_of(-1, 1, 2), 1);
  EXPECT_EQ(*gpu_of(1, 0, 2), 1);
  const Result<int> third = gpu_of(-1, 2, 2), named = gpu_of(2, 0, 2);
  ASSERT_FALSE(third);
  ASSERT_FALSE(named);
  EXPECT_EQ(third.error().kind, ErrorKind::kUsage);
  EXPECT_NE(third.error().message.find("process 2 of this host"), std::string::npos);
  EXPECT_NE(named.error().message.find("cuda:2: there are 2 GPUs"), std::string::npos);
}

TEST(LossScaler, HalvesAfterInfinitiesAndDoublesAfterMany) {
  LossScaler scaler;
  EXPECT_TRUE(scaler.update(false));
  EXPECT_EQ(scaler.scale, 32768);
  for (int64_t i = 1; i < LossScaler::kUpdatesToGrow; ++i) EXPECT_TRUE(scaler.update(true));
  EXPECT_EQ(scaler.scale, 32768);
  EXPECT_TRUE(scaler.update(true));
  EXPECT_EQ(scaler.scale, 65536);
  int halved = 0;
  while (scaler.update(false)) ++halved;
  EXPECT_EQ(halved, 26) << "from 2^16 to 2^-10";
}

// The optimiser's first moments, one after the other, after one update from the same weights by the
// same batch.
std::vector<float> moments_clipped_to(double most_norm) {
  TrainerOptions options = options_of_two();
  options.most_norm = most_norm;
  Trainer trainer = made(2, options);
  learn(trainer, 0, 1);
  EXPECT_EQ(trainer.place().updates, 1);
  std::vector<float> moments;
  for (const NamedTensor& tensor : trainer.tensors()) {
    if (!tensor.name.starts_with("first/")) continue;
    const auto values = tensor.tensor.data<float>();
    moments.insert(moments.end(), values.begin(), values.end());
  }
  return moments;
}

// After one update they are the gradient times what is 1 - momentum.
TEST(Trainer, GradientsAreClippedToALength) {
  const double share = 1 - made(2, options_of_two()).rates().momentum;
  const std::vector<float> whole = moments_clipped_to(1e9);
  const double length = norm(whole) / share;
  ASSERT_GT(length, 1);
  const std::vector<float> clipped = moments_clipped_to(0.01);
  ASSERT_EQ(clipped.size(), whole.size());
  EXPECT_NEAR(norm(clipped) / share, 0.01, 1e-6);
  for (size_t i = 0; i < whole.size(); ++i)
    ASSERT_NEAR(clipped[i], whole[i] * 0.01 / length, 1e-6 * std::abs(whole[i])) << i;
  EXPECT_EQ(moments_clipped_to(1.01 * length), whole) << "what is short enough stays as it is";
  EXPECT_NE(moments_clipped_to(0.99 * length), whole);
}

// The tensors that an update moves; running statistics move with every batch.
std::vector<NamedTensor> moved_by_updates(const Trainer& trainer) {
  std::vector<NamedTensor> kept;
  for (NamedTensor& tensor : trainer.tensors())
    if (tensor.name.starts_with("average/") || tensor.name.starts_with("first/") ||
        tensor.name.starts_with("second/"))
      kept.push_back(std::move(tensor));
  return kept;
}

TEST(Trainer, AnUpdateWithInfinitiesIsLeftOutAndTheLossScaledLess) {
  TrainerOptions options = options_of_two();
  options.precision = Precision::kF16;
  Trainer trainer = made(2, options), other = made(2, options);
  learn(trainer, 0, 2);
  EXPECT_EQ(trainer.place().scaler.scale, LossScaler::kFirst);
  EXPECT_GT(trainer.place().scaler.good, 0);
  TrainerPlace place = trainer.place();
  place.scaler.scale = 0x1p+136;  // more than a float holds
  ASSERT_TRUE(trainer.go_on_from(place, trainer.tensors()));
  const std::vector<NamedTensor> before = moved_by_updates(trainer);
  int left_out = 0;
  for (uint32_t i = 2; trainer.place().updates == place.updates && i < 100; ++i) {
    const std::vector<NamedTensor> now = moved_by_updates(trainer);
    ASSERT_EQ(now.size(), before.size());
    for (size_t t = 0; t < now.size(); ++t)
      ASSERT_TRUE(now[t].tensor == before[t].tensor) << now[t].name;
    const double scale = trainer.place().scaler.scale;
    const Result<StepReport> report = trainer.step(batch_of(i));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->finite) << "a smaller scale can help";
    if (trainer.place().scaler.scale < scale) ++left_out;
  }
  EXPECT_GE(left_out, 9);
  EXPECT_GT(trainer.place().updates, place.updates);
  EXPECT_EQ(trainer.place().scaler.scale, std::ldexp(1, 136 - left_out));

  // The scale is part of the state.
  ASSERT_TRUE(other.go_on_from(trainer.place(), trainer.tensors()));
  learn(trainer, 100, 104);
  learn(other, 100, 104);
  expect_same(trainer, other);
  EXPECT_EQ(other.place().scaler.scale, trainer.place().scaler.scale);
  EXPECT_EQ(other.place().scaler.good, trainer.place().scaler.good);
}

TEST(Trainer, AnotherNetworksStateIsRefusedAndChangesNothing) {
  Trainer two = made(2, options_of_two()), three = made(3, options_of_two());
  learn(two, 0, 1);
  const Trainer untouched = made(3, options_of_two());
  const Result<void> on = three.go_on_from(two.place(), two.tensors());
  ASSERT_FALSE(on);
  EXPECT_EQ(on.error().kind, ErrorKind::kModel);
  expect_same(three, untouched);
}

// By name, of those that end so.
std::map<std::string, Tensor> weights_ending(const Trainer& trainer, const std::string& ending) {
  std::map<std::string, Tensor> found;
  for (NamedTensor& tensor : trainer.tensors())
    if (tensor.name.starts_with("weights/") && tensor.name.ends_with(ending))
      found[tensor.name] = std::move(tensor.tensor);
  return found;
}

double magnitude(const std::map<std::string, Tensor>& tensors) {
  double sum = 0;
  for (const auto& [name, tensor] : tensors)
    for (const float value : tensor.data<float>()) sum += std::abs(value);
  return sum;
}

TEST(Trainer, SparsityDrivesScalesOfBatchNormsToZero) {
  TrainerOptions options = options_of_two();
  options.schedule.rate = 0.01;
  Trainer plain = made(2, options);
  options.sparsity = 10;
  Trainer sparse = made(2, options);
  learn(plain, 0, 12);
  learn(sparse, 0, 12);
  const std::string scales = ".bn.weight";
  ASSERT_GT(weights_ending(sparse, scales).size(), 50u);
  EXPECT_LT(magnitude(weights_ending(sparse, scales)),
            0.99 * magnitude(weights_ending(plain, scales)));
}

TEST(Trainer, ZerosStayWhereTheyAreWanted) {
  TrainingGraph half = network(2);
  for (Value& value : half.graph.values) {
    if (!value.constant || !value.name.ends_with("conv.weight")) continue;
    const std::span<float> weights = value.constant->mutable_data<float>();
    for (size_t i = 0; i < weights.size(); i += 2) weights[i] = 0;
  }
  for (const bool keep : {true, false}) {
    TrainerOptions options = options_of_two();
    options.keep_zeros = keep;
    Result<Trainer> trainer = Trainer::create(half, options);
    ASSERT_TRUE(trainer) << trainer.error().message;
    learn(*trainer, 0, 4);
    Result<Trainer> second = Trainer::create(half, options);
    ASSERT_TRUE(second && second->go_on_from(trainer->place(), trainer->tensors()));
    learn(*trainer, 4, 8);
    learn(*second, 4, 8);
    expect_same(*trainer, *second);
    int64_t zeros = 0, moved = 0;
    for (const auto& [name, tensor] : weights_ending(*trainer, "conv.weight"))
      for (size_t i = 0; i < tensor.data<float>().size(); ++i)
        ++(tensor.data<float>()[i] == 0 ? zeros : moved);
    EXPECT_GT(moved, 1000);
    EXPECT_EQ(zeros >= moved, keep) << zeros << " of " << zeros + moved;
  }
}

}  // namespace
}  // namespace shrike::train
