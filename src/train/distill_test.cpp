// Trainers with a teacher: yolov8n of random weights on pictures of noise.
#include <gtest/gtest.h>

#include <random>

#include "train/head_features.h"
#include "train/run_once.h"
#include "train/trainer.h"
#include "zoo/scratch.h"

namespace shrike::train {
namespace {

constexpr int kSide = 64;

TrainingGraph network(const std::string& family, uint64_t seed) {
  zoo::ScratchOptions options;
  options.classes = 2;
  options.size = {kSide, kSide};
  options.seed = seed;
  Result<Graph> graph = zoo::scratch_model(family, options);
  EXPECT_TRUE(graph);
  Result<TrainingGraph> training = prepare_for_training(*std::move(graph), kSide, kSide);
  EXPECT_TRUE(training);
  return *std::move(training);
}

std::shared_ptr<Teacher> teacher_of(const std::string& family, int threads) {
  Result<Teacher> teacher = Teacher::create(trained_graph(network(family, 9)),
                                            Preprocess::ultralytics(kSide, kSide), threads);
  EXPECT_TRUE(teacher) << teacher.error().message;
  return std::make_shared<Teacher>(*std::move(teacher));
}

TrainerOptions options_with(const std::string& family) {
  TrainerOptions options;
  options.preprocess = Preprocess::ultralytics(kSide, kSide);
  options.schedule.epochs = 50;
  options.schedule.batches = 2;
  options.schedule.batch = options.schedule.nominal = 2;
  options.schedule.warmup_epochs = 0;
  options.schedule.rate = 0.001;
  options.distillation = Distillation{teacher_of(family, 1), {{0, 0}, {1, 1}}, 0, 1, 1, 1, 0};
  return options;
}

Trainer made(const TrainerOptions& options, const std::string& family = "yolov8n") {
  Result<Trainer> trainer = Trainer::create(network(family, 0), options);
  EXPECT_TRUE(trainer) << trainer.error().message;
  return *std::move(trainer);
}

Batch batch_of(uint32_t seed, int side = kSide) {
  std::mt19937 random(seed);
  Batch batch;
  batch.width = batch.height = side;
  batch.samples = {0, 1};
  batch.pixels.resize(2 * batch.picture_bytes());
  for (uint8_t& byte : batch.pixels) byte = static_cast<uint8_t>(random());
  return batch;
}

TEST(Teacher, SaysWhatItsNetworkComputesOnAnyNumberOfThreads) {
  const std::shared_ptr<Teacher> one = teacher_of("yolov8n", 1), three = teacher_of("yolov8n", 3);
  const Batch batch = batch_of(4);
  const Result<Lesson> a = one->look(batch), b = three->look(batch);
  ASSERT_TRUE(a && b);
  ASSERT_EQ(a->maps.size(), 6u);
  ASSERT_EQ(a->features.size(), 3u);
  for (size_t i = 0; i < 6; ++i) EXPECT_TRUE(a->maps[i] == b->maps[i]) << i;
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(a->features[i] == b->features[i]) << i;

  const TrainingGraph training = network("yolov8n", 9);
  Graph graph = training.graph;
  graph.outputs = training.head.maps;
  for (const ValueId id : head_features(graph, training.head.maps, 2)) graph.outputs.push_back(id);
  for (size_t picture = 0; picture < 2; ++picture) {
    Tensor input(DType::kF32, Shape{1, 3, kSide, kSide});
    to_input(batch, picture, Preprocess::ultralytics(kSide, kSide),
             input.mutable_data<float>().data());
    const Result<Once> once = run_once(graph, std::span(&input, 1));
    ASSERT_TRUE(once) << once.error().message;
    for (size_t o = 0; o < 9; ++o) {
      const Tensor& all = o < 6 ? a->maps[o] : a->features[o - 6];
      const std::span<const float> expected = once->outputs[o].data<float>();
      ASSERT_EQ(all.data<float>().size(), 2 * expected.size());
      const std::span<const float> got =
          all.data<float>().subspan(picture * expected.size(), expected.size());
      for (size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(got[i], expected[i], 1e-3) << "output " << o << " at " << i;
    }
  }
  EXPECT_TRUE(one->look(batch_of(4, 96)));
  EXPECT_FALSE(one->look(batch_of(4, 65)));
}

TEST(Distillation, LearnsFromATeacherAlone) {
  Trainer trainer = made(options_with("yolov8n"));
  const std::vector<std::string> names = trainer.loss_names();
  ASSERT_EQ(names.size(), 6u);
  EXPECT_EQ(names[3], "distill_class");
  EXPECT_EQ(names[4], "distill_box");
  EXPECT_EQ(names[5], "distill_feature");
  std::vector<double> first, last;
  for (uint32_t i = 0; i < 60; ++i) {
    const Result<StepReport> report = trainer.step(batch_of(i % 2));
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_TRUE(report->finite);
    if (i < 2) first = report->parts;
    last = report->parts;
  }
  EXPECT_LT(last[3], 0.7 * first[3]);
  EXPECT_LT(last[5], 0.7 * first[5]);
}

TEST(Distillation, GoesOnWithTheSameBitsAndSavesNoAdapter) {
  const TrainerOptions options = options_with("yolov8s");  // wider: adapters are needed
  for (const uint32_t cut : {1u, 3u}) {
    Trainer first = made(options), second = made(options);
    const auto learn = [](Trainer& trainer, uint32_t from, uint32_t to) {
      for (uint32_t i = from; i < to; ++i) ASSERT_TRUE(trainer.step(batch_of(i)));
    };
    const std::vector<NamedTensor> start = first.tensors();
    learn(first, 0, cut);
    const Result<void> on = second.go_on_from(first.place(), first.tensors());
    ASSERT_TRUE(on) << on.error().message;
    learn(first, cut, 5);
    learn(second, cut, 5);
    const std::vector<NamedTensor> a = first.tensors(), b = second.tensors();
    ASSERT_EQ(a.size(), b.size());
    int adapters = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_TRUE(a[i].tensor == b[i].tensor) << a[i].name;
      if (!a[i].name.starts_with("weights/distill.adapter.")) continue;
      ++adapters;
      EXPECT_FALSE(a[i].tensor == start[i].tensor) << a[i].name << " learns";
    }
    EXPECT_EQ(adapters, 3);
    const Result<Graph> saved = first.average();
    ASSERT_TRUE(saved) << saved.error().message;
    for (const Value& value : saved->values)
      EXPECT_FALSE(value.name.starts_with("distill.")) << value.name;
    EXPECT_EQ(saved->values.size(), trained_graph(network("yolov8n", 0)).values.size());
  }
}

TEST(Distillation, TeachesOtherHeadsAtOtherSizes) {
  const TrainerOptions options = options_with("yolov8n");
  Trainer trainer = made(options, "yolov3-tiny");  // anchors, and strides 16 and 32 alone
  const Result<StepReport> report = trainer.step(batch_of(1, 96));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->finite);
  EXPECT_EQ(report->parts.size(), trainer.loss_names().size());
  const Result<StepReport> damaged = trainer.step(batch_of(1, 65));
  EXPECT_FALSE(damaged);
}

}  // namespace
}  // namespace shrike::train
