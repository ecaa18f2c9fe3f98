// Trainers with a teacher: yolov8n of random weights on pictures of noise.
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "ir/infer.h"
#include "train/head_features.h"
#include "train/run_once.h"
#include "train/trainer.h"
#include "zoo/scratch.h"

namespace shrike::train {
namespace {

constexpr int kSide = 64;

// The head as that of a model which finds each object once.
void find_once(Graph& graph) {
  for (Node& node : graph.nodes)
    if (Head* head = std::get_if<Head>(&node.op)) {
      head->max_det = 20;
      head->box_format = BoxFormat::kXyxy;
    }
  EXPECT_TRUE(infer_shapes(graph));
}

TrainingGraph network(const std::string& family, uint64_t seed, bool once = false) {
  zoo::ScratchOptions options;
  options.classes = 2;
  options.size = {kSide, kSide};
  options.seed = seed;
  Result<Graph> graph = zoo::scratch_model(family, options);
  EXPECT_TRUE(graph);
  if (once) find_once(*graph);
  Result<TrainingGraph> training = prepare_for_training(*std::move(graph), kSide, kSide);
  EXPECT_TRUE(training);
  return *std::move(training);
}

std::shared_ptr<Teacher> teacher_of(const std::string& family, int threads, bool once = false) {
  Result<Teacher> teacher = Teacher::create(trained_graph(network(family, 9, once)),
                                            Preprocess::ultralytics(kSide, kSide), threads);
  EXPECT_TRUE(teacher) << teacher.error().message;
  return std::make_shared<Teacher>(*std::move(teacher));
}

TrainerOptions options_with(const std::string& family, bool once = false) {
  TrainerOptions options;
  options.preprocess = Preprocess::ultralytics(kSide, kSide);
  options.schedule.epochs = 50;
  options.schedule.batches = 2;
  options.schedule.batch = options.schedule.nominal = 2;
  options.schedule.warmup_epochs = 0;
  options.schedule.rate = 0.001;
  options.distillation =
      Distillation{teacher_of(family, 1, once), {{0, 0}, {1, 1}}, 0, 1, 1, 1, 1, 0};
  return options;
}

Trainer made(const TrainerOptions& options, const std::string& family = "yolov8n",
             bool once = false) {
  Result<Trainer> trainer = Trainer::create(network(family, 0, once), options);
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
  const Result<std::vector<ValueId>> features = head_features(graph, training.head.maps, 2);
  ASSERT_TRUE(features);
  graph.outputs.insert(graph.outputs.end(), features->begin(), features->end());
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

// One layer, whose maps are the head's.
Graph head_on_the_picture() {
  Graph graph;
  const ValueId picture = graph.add_input("images", DType::kF32, Shape{1, 3, kSide, kSide});
  Tensor weights(DType::kF32, Shape{7, 3, 8, 8});
  std::mt19937 random(2);
  for (float& w : weights.mutable_data<float>()) w = static_cast<float>(random() % 256) / 4096;
  Conv conv;
  conv.strides = {8, 8};
  const ValueId map = graph.add_node(conv, {picture, graph.add_constant("w", weights)}, "map");
  Head head;
  head.kind = HeadKind::kDarknet;
  head.num_classes = 2;
  head.strides = {8};
  head.anchors = {10, 20};
  head.scale_xy = {1};
  graph.outputs = {graph.add_node(head, {map}, "boxes")};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

TEST(Teacher, WhoseHeadReadsThePictureHasNoFeatures) {
  const Preprocess preprocess = Preprocess::ultralytics(kSide, kSide);
  const Result<Teacher> with = Teacher::create(head_on_the_picture(), preprocess, 1);
  ASSERT_FALSE(with);
  EXPECT_EQ(with.error().kind, ErrorKind::kModel);
  EXPECT_NE(with.error().message.find("reads the picture itself"), std::string::npos);
  Result<Teacher> without = Teacher::create(head_on_the_picture(), preprocess, 1, false);
  ASSERT_TRUE(without) << without.error().message;
  const Result<Lesson> lesson = without->look(batch_of(4));
  ASSERT_TRUE(lesson) << lesson.error().message;
  ASSERT_EQ(lesson->maps.size(), 1u);
  EXPECT_EQ(lesson->maps[0].shape(), (Shape{2, 7, 8, 8}));
  EXPECT_TRUE(lesson->features.empty());

  Result<TrainingGraph> student = prepare_for_training(head_on_the_picture(), kSide, kSide);
  ASSERT_TRUE(student) << student.error().message;
  const Result<Trainer> trainer = Trainer::create(*std::move(student), options_with("yolov8n"));
  ASSERT_FALSE(trainer);
  EXPECT_NE(trainer.error().message.find("the student: its head reads"), std::string::npos)
      << trainer.error().message;
}

TEST(Teacher, SaysTheSameBitsOfAPictureThatItRemembers) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("teacher-" + std::to_string(::getpid()));
  const Batch batch = batch_of(4);
  const Result<Lesson> plain = teacher_of("yolov8n", 1)->look(batch);
  ASSERT_TRUE(plain);
  for (int run = 0; run < 2; ++run) {  // files of the first are the second's
    const std::shared_ptr<Teacher> teacher = teacher_of("yolov8n", 2);
    teacher->remember(folder, 100 << 20);
    for (int look = 0; look < 2; ++look) {
      const Result<Lesson> lesson = teacher->look(batch);
      ASSERT_TRUE(lesson);
      EXPECT_TRUE(lesson->maps == plain->maps);
      EXPECT_TRUE(lesson->features == plain->features);
    }
  }
  // What lies there is what it says.
  LessonCache cache(folder / "made", trained_graph(network("yolov8n", 9)), 100 << 20);
  std::vector<Tensor> zeros;
  for (const std::vector<Tensor>* of : {&plain->maps, &plain->features})
    for (const Tensor& batched : *of) {
      Shape shape = batched.shape();
      shape[0] = 1;
      zeros.emplace_back(DType::kF32, shape);
    }
  for (size_t picture = 0; picture < 2; ++picture) cache.keep(cache.key(batch, picture), zeros);
  const std::shared_ptr<Teacher> misled = teacher_of("yolov8n", 1);
  misled->remember(folder / "made", 100 << 20);
  const Result<Lesson> lesson = misled->look(batch);
  ASSERT_TRUE(lesson);
  for (const float value : lesson->maps[0].data<float>()) ASSERT_EQ(value, 0);
  std::filesystem::remove_all(folder);
}

// 64, 96 and 128 pixels in turn, of which each is forgotten before it comes again.
TEST(Teacher, KeepsTheNetworksOfTwoSizes) {
  const std::shared_ptr<Teacher> teacher = teacher_of("yolov8n", 2);
  EXPECT_EQ(teacher->prepared(), 1u);
  for (const int side : {96, 128, 64, 96, 96, 64, 128}) {
    const Batch batch = batch_of(4, side);
    const Result<Lesson> lesson = teacher->look(batch),
                         fresh = teacher_of("yolov8n", 1)->look(batch);
    ASSERT_TRUE(lesson && fresh) << side;
    EXPECT_TRUE(lesson->maps == fresh->maps) << side;
    EXPECT_TRUE(lesson->features == fresh->features) << side;
    EXPECT_EQ(teacher->prepared(), 2u) << side;
  }
}

// Weights that are finite, and too large.
TEST(Teacher, WhatIsNoNumberIsNotTaught) {
  Graph large = trained_graph(network("yolov8n", 9));
  for (Value& value : large.values)
    if (value.constant && value.constant->dtype() == DType::kF32 && value.constant->shape().rank() == 4)
      for (float& weight : value.constant->mutable_data<float>()) weight = 1e30f;
  Result<Teacher> teacher =
      Teacher::create(std::move(large), Preprocess::ultralytics(kSide, kSide), 2);
  ASSERT_TRUE(teacher) << teacher.error().message;
  const Result<Lesson> lesson = teacher->look(batch_of(4));
  ASSERT_FALSE(lesson);
  EXPECT_EQ(lesson.error().kind, ErrorKind::kModel);
  EXPECT_NE(lesson.error().message.find("--teacher"), std::string::npos) << lesson.error().message;
}

TEST(Distillation, LearnsFromATeacherAlone) {
  Trainer trainer = made(options_with("yolov8n"));
  const std::vector<std::string> names = trainer.loss_names();
  ASSERT_EQ(names.size(), 7u);
  EXPECT_EQ(names[3], "distill_class");
  EXPECT_EQ(names[4], "distill_box");
  EXPECT_EQ(names[5], "distill_feature");
  EXPECT_EQ(names[6], "distill_masked");
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
  EXPECT_LT(last[6], first[6]);
}

TEST(Distillation, GoesOnWithTheSameBitsAndSavesNoHelper) {
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
    int helpers = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_TRUE(a[i].tensor == b[i].tensor) << a[i].name;
      if (!a[i].name.starts_with("weights/distill.")) continue;
      ++helpers;
      EXPECT_FALSE(a[i].tensor == start[i].tensor) << a[i].name << " learns";
    }
    EXPECT_EQ(helpers, 3 + 3 * 4) << "adapters and generators";
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

TEST(Distillation, EndToEndHeadsLearnAndTeach) {
  // The one-to-many copy of a student that finds each object once learns from a teacher that finds
  // it many times.
  Trainer many = made(options_with("yolov8n"), "yolov8n", true);
  const std::vector<std::string> names = many.loss_names();
  ASSERT_EQ(names.size(), 10u) << "labels twice, and four of the teacher";
  std::vector<std::vector<double>> parts;
  for (uint32_t i = 0; i < 30; ++i) {
    const Result<StepReport> report = many.step(batch_of(i % 2));
    ASSERT_TRUE(report && report->finite);
    parts.push_back(report->parts);
  }
  EXPECT_LT(parts[28][6], 0.9 * parts[0][6]) << names[6];
  // A teacher that finds each once teaches the own head of one that does so, and any other.
  for (const bool student_once : {true, false}) {
    Trainer once = made(options_with("yolov8n", true), "yolov8n", student_once);
    const std::vector<NamedTensor> before = once.tensors();
    const Result<StepReport> report = once.step(batch_of(1));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->finite);
    const std::vector<NamedTensor> after = once.tensors();
    const std::string layer = "weights/model.22.cv3.0.2.bias";
    const auto changed = [&](const std::string& name) {
      for (size_t i = 0; i < before.size(); ++i)
        if (before[i].name == name) return !(before[i].tensor == after[i].tensor);
      ADD_FAILURE() << "no tensor " << name;
      return false;
    };
    EXPECT_TRUE(changed(layer)) << student_once;
    if (student_once) {
      EXPECT_FALSE(changed(layer + ".one_to_many"));
    }
  }
}

// A batch of which nobody has labelled the second picture: not as if it showed nothing.
TEST(Distillation, PicturesWithoutLabelsLearnFromTheTeacherAlone) {
  TrainerOptions options = options_with("yolov8n");
  options.distillation->labels = 1;
  Batch both = batch_of(3);
  both.targets = {{0, 1, {10, 10, 40, 40}}};
  const Result<StepReport> first = made(options).step(both, 1), again = made(options).step(both, 1),
                           background = made(options).step(both);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(again && background);
  EXPECT_EQ(first->parts, again->parts);
  ASSERT_EQ(first->parts.size(), 7u);
  EXPECT_LT(first->parts[1], 0.95 * background->parts[1]) << "classes of one picture, not of two";
  for (const size_t i : {0u, 2u, 3u, 4u, 5u, 6u})
    EXPECT_NEAR(first->parts[i], background->parts[i], 1e-5 * (1 + first->parts[i])) << i;
}

}  // namespace
}  // namespace shrike::train
