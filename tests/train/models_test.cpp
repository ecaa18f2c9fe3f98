// Every model that is there, as a network that learns: next to the engine, back into its graph, in
// batches, at another size, with its batch norms put back.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../golden/shared_files.h"
#include "engine/session.h"
#include "formats/model.h"
#include "passes/insert_batchnorm.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "train/module.h"
#include "train/moments.h"
#include "train/run_once.h"
#include "train/tensors.h"
#include "train/trainer.h"
#include "train_cli/dry_run.h"
#include "train_cli/network_state.h"

namespace shrike {
namespace {

constexpr double kTolerance = 1e-4;  // of the range
constexpr int kSide = 128;

struct ModelCase {
  const char* name;
  bool end_to_end = false;
};

void PrintTo(const ModelCase& model, std::ostream* out) { *out << model.name; }

class TrainedModels : public ::testing::TestWithParam<ModelCase> {
 protected:
  void SetUp() override {
    const auto path = find_model(GetParam().name);
    if (!path) GTEST_SKIP() << GetParam().name << " is not there";
    Result<Graph> graph = load_model({*path, {}});
    ASSERT_TRUE(graph) << graph.error().message;
    file = *std::move(graph);
  }

  TrainingGraph training() const {
    const Shape& shape = *file.value(file.inputs[0]).shape;
    Result<TrainingGraph> made =
        prepare_for_training(file, static_cast<int>(shape[2]), static_cast<int>(shape[3]));
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }

  // With its raw maps as outputs, for small pictures.
  Graph small_maps() const {
    Result<TrainingGraph> small = resized(training(), kSide, kSide);
    EXPECT_TRUE(small) << small.error().message;
    Graph graph = small->graph;
    graph.outputs = small->head.maps;
    return graph;
  }

  // Pictures as the model takes them, batch of `shape`.
  Tensor pictures(const Shape& shape) const { return waves(training().head.head, shape); }

  Graph file;
};

void expect_near(std::span<const float> got, std::span<const float> expected,
                 const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  double range = 0, most = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    range = std::max(range, std::abs(static_cast<double>(expected[i])));
    most = std::max(most, std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])));
  }
  EXPECT_LE(most, kTolerance * range) << what;
}

void expect_near(const at::Tensor& got, const at::Tensor& expected, const std::string& what) {
  const Tensor a = train::from_torch(got), b = train::from_torch(expected);
  expect_near(a.data<float>(), b.data<float>(), what);
}

// Rows of an end-to-end head: each has its like among the others' but where a score so low that
// another row may have taken its place.
void expect_same_rows(std::span<const float> got, std::span<const float> expected) {
  ASSERT_EQ(got.size(), expected.size());
  float lowest = 1, pixels = 0;
  for (size_t r = 0; r < got.size(); r += 6) {
    lowest = std::min(lowest, expected[r + 4]);
    for (size_t c = 0; c < 4; ++c) pixels = std::max(pixels, std::abs(expected[r + c]));
  }
  const auto like = [&](const float* a, const float* b) {
    for (size_t c = 0; c < 4; ++c)
      if (std::abs(a[c] - b[c]) > static_cast<float>(kTolerance) * pixels) return false;
    return std::abs(a[4] - b[4]) <= static_cast<float>(kTolerance) && a[5] == b[5];
  };
  for (size_t r = 0; r < got.size(); r += 6) {
    if (expected[r + 4] <= lowest + static_cast<float>(kTolerance)) continue;
    bool found = false;
    for (size_t q = 0; q < got.size() && !found; q += 6) found = like(&got[q], &expected[r]);
    EXPECT_TRUE(found) << "row " << r / 6;
  }
}

// The file's own outputs, its decode included.
TEST_P(TrainedModels, GiveTheEnginesOutputs) {
  const Tensor picture = pictures(*file.value(file.inputs[0]).shape);
  const Shape shapes[] = {picture.shape()};
  const Result<Graph> prepared = prepare_for_inference(file, shapes);
  ASSERT_TRUE(prepared) << prepared.error().message;
  Result<Session> session = Session::create(*prepared, SessionOptions{});
  ASSERT_TRUE(session) << session.error().message;
  const Result<std::vector<Tensor>> expected = session->run(std::span(&picture, 1));
  ASSERT_TRUE(expected) << expected.error().message;

  Graph graph = file;
  ASSERT_TRUE(run_passes(graph, cleanup_passes()));
  ASSERT_TRUE(expand_head(graph));
  ASSERT_TRUE(run_passes(graph, cleanup_passes()));
  const Result<train::Once> once = train::run_once(graph, std::span(&picture, 1));
  ASSERT_TRUE(once) << once.error().message;
  ASSERT_EQ(once->outputs.size(), expected->size());
  for (size_t i = 0; i < expected->size(); ++i) {
    const Tensor &got = once->outputs[i], &wanted = (*expected)[i];
    ASSERT_EQ(got.shape(), wanted.shape());
    if (GetParam().end_to_end) {
      expect_same_rows(got.data<float>(), wanted.data<float>());
    } else {
      expect_near(got.data<float>(), wanted.data<float>(), "output " + std::to_string(i));
    }
  }
}

TEST_P(TrainedModels, GiveTheEnginesRawMapsAtTwoSizes) {
  const TrainingGraph own = training();
  EXPECT_EQ(own.one_to_many.has_value(), GetParam().end_to_end);
  const Result<DryRun> at_own_size = dry_run(own, 2);
  ASSERT_TRUE(at_own_size) << at_own_size.error().message;
  EXPECT_LE(at_own_size->difference, kTolerance);
  EXPECT_GT(at_own_size->learned, 100000);
  const Result<TrainingGraph> small = resized(own, kSide, 2 * kSide);
  ASSERT_TRUE(small) << small.error().message;
  const Result<DryRun> at_another = dry_run(*small, 2);
  ASSERT_TRUE(at_another) << at_another.error().message;
  EXPECT_LE(at_another->difference, kTolerance);
  EXPECT_EQ(at_another->learned, at_own_size->learned);
}

// All weights are others than the file's by then.
TEST_P(TrainedModels, GoBackIntoTheirGraph) {
  const TrainingGraph own = training();
  Result<train::Trainer> trainer = train::Trainer::create(own, {});
  ASSERT_TRUE(trainer) << trainer.error().message;
  std::vector<NamedTensor> tensors = trainer->tensors();
  const std::string average = "average/";
  TrainingGraph changed = own;
  for (NamedTensor& named : tensors) {
    if (!named.name.starts_with(average)) continue;
    for (float& value : named.tensor.mutable_data<float>()) value = 1 - value;
    const std::optional<ValueId> id = changed.graph.find_value(named.name.substr(average.size()));
    ASSERT_TRUE(id) << named.name;
    changed.graph.value(*id).constant = named.tensor;
  }
  ASSERT_FALSE(same_graph(own.graph, changed.graph));
  ASSERT_TRUE(trainer->go_on_from(trainer->place(), tensors));
  const Result<Graph> back = trainer->average();
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(same_graph(trained_graph(changed), *back));
}

// As a checkpoint has them: a text, and constants beside it.
TEST_P(TrainedModels, ComeBackFromCheckpoints) {
  const TrainingGraph own = training();
  std::vector<NamedTensor> tensors;
  const Result<train::Parameters> parameters = train::Parameters::of(own.graph);
  ASSERT_TRUE(parameters);
  for (const train::Parameter& p : parameters->all())
    tensors.push_back({"weights/" + p.name, train::from_torch(p.tensor)});
  const NetworkState state(own, tensors);
  EXPECT_LT(state.json().dump().size(), 1u << 20);
  tensors.insert(tensors.end(), state.tensors().begin(), state.tensors().end());
  const Result<TrainingGraph> back = network_from(state.json(), tensors, "checkpoint");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(same_graph(own.graph, back->graph));
  EXPECT_EQ(back->head.head, own.head.head);
  EXPECT_EQ(back->one_to_many.has_value(), own.one_to_many.has_value());
  ASSERT_EQ(back->detached.size(), own.detached.size());
  for (size_t i = 0; i < own.detached.size(); ++i)
    EXPECT_EQ(back->graph.value(back->detached[i]).name, own.graph.value(own.detached[i]).name);
  EXPECT_EQ(NetworkState(*back, tensors).fingerprint(), state.fingerprint());
  tensors.erase(tensors.begin());
  EXPECT_FALSE(network_from(state.json(), tensors, "checkpoint"));
}

TEST_P(TrainedModels, TakeBatches) {
  const Graph graph = small_maps();
  const Result<train::Parameters> parameters = train::Parameters::of(graph);
  ASSERT_TRUE(parameters);
  const Result<train::Module> module = train::Module::build(graph, *parameters);
  ASSERT_TRUE(module) << module.error().message;
  const c10::NoGradGuard no_gradients;
  const at::Tensor batch = *train::to_torch(pictures(Shape{3, 3, kSide, kSide}));
  const auto together = module->forward(std::span(&batch, 1), train::RunMode{});
  ASSERT_TRUE(together) << together.error().message;
  for (int64_t n = 0; n < 3; ++n) {
    const at::Tensor one = batch.narrow(0, n, 1);
    const auto alone = module->forward(std::span(&one, 1), train::RunMode{});
    ASSERT_TRUE(alone) << alone.error().message;
    for (size_t i = 0; i < alone->size(); ++i)
      expect_near((*together)[i].narrow(0, n, 1), (*alone)[i], "map " + std::to_string(i));
  }
}

// With the statistics of a batch, that batch gives the file's maps in training, too.
TEST_P(TrainedModels, KeepTheirFunctionWithBatchNorms) {
  const Graph before = small_maps();
  Graph after = before;
  const std::vector<ValueId> values = folded_convolutions(before);
  const at::Tensor batch = *train::to_torch(pictures(Shape{4, 3, kSide, kSide}));
  int given = 0;
  const auto moments = train::measure_moments(before, values, [&]() -> std::optional<at::Tensor> {
    if (given++ > 0) return std::nullopt;
    return batch;
  });
  ASSERT_TRUE(moments) << moments.error().message;
  const Result<void> inserted = insert_batchnorm(after, values, *moments);
  ASSERT_TRUE(inserted) << inserted.error().message;
  const auto run = [&](const Graph& graph, bool training) {
    const c10::NoGradGuard no_gradients;
    const Result<train::Parameters> parameters = train::Parameters::of(graph);
    EXPECT_TRUE(parameters) << parameters.error().message;
    const Result<train::Module> module = train::Module::build(graph, *parameters);
    EXPECT_TRUE(module) << module.error().message;
    train::RunMode mode;
    mode.training = training;
    auto maps = module->forward(std::span(&batch, 1), mode);
    EXPECT_TRUE(maps) << maps.error().message;
    return *std::move(maps);
  };
  const std::vector<at::Tensor> expected = run(before, false), running = run(after, false);
  for (size_t i = 0; i < expected.size(); ++i)
    expect_near(running[i], expected[i], "map " + std::to_string(i));
  if (values.empty()) return;  // a Darknet model has its own, of other pictures
  const std::vector<at::Tensor> batch_norms = run(after, true);
  for (size_t i = 0; i < expected.size(); ++i)
    expect_near(batch_norms[i], expected[i], "map " + std::to_string(i) + " in training");
}

constexpr ModelCase kModels[] = {
    {"yolov8n-bccd-320"}, {"yolov8n-bccd-640"},    {"yolo11n-random"},
    {"yolov5n-random"},   {"yolox_nano"},          {"yolov10n_e2e-random", true},
    {"yolo-fastest-1.1"}, {"yolo-fastest-1.1-xl"}, {"yolov3-tiny"},
};
INSTANTIATE_TEST_SUITE_P(Files, TrainedModels, ::testing::ValuesIn(kModels),
                         [](const auto& test) { return test_name(test.param.name); });

}  // namespace
}  // namespace shrike
