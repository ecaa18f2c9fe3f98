// Losses against the originals' own: golden/losses.json, written by golden/generate.py, which runs
// Ultralytics', YOLOv5's, YOLOv7's and YOLOX' code on the same maps and objects.
#include <gtest/gtest.h>

#include <algorithm>

#include "train/golden_support.h"
#include "train/loss_oracle.h"
#include "train/objective.h"
#include "train/test_support.h"

namespace shrike::train {
namespace {

using namespace testing;

const Json& golden() {
  static const Json json = golden_file("losses.json");
  return json;
}

Targets targets_of(const Json& c) {
  std::vector<TrueObject> objects;
  for (const Json& o : c["objects"])
    objects.push_back({o[0].get<int64_t>(), o[1].get<int64_t>(), {o[2], o[3], o[4], o[5]}});
  return testing::targets_of(objects, c["batch"]);
}

// What YOLO26's two losses weigh, epoch by epoch.
TEST(PairWeights, AreTheOriginals) {
  const Json& rows = golden()["pair_weights"];
  ASSERT_GT(rows.size(), 5u);
  for (const Json& row : rows) {
    const PairWeights weights = pair_weights(row[0], row[1]);
    EXPECT_NEAR(weights.one, row[2].get<double>(), 1e-9) << row;
    EXPECT_NEAR(weights.many, row[3].get<double>(), 1e-9) << row;
  }
}

std::vector<std::string> names_of_cases() {
  std::vector<std::string> names;
  for (const Json& c : golden().value("cases", Json::array())) names.push_back(c["name"]);
  return names;
}

const Json& case_of(const std::string& name) {
  const Json& cases = golden()["cases"];
  return *std::find_if(cases.begin(), cases.end(),
                       [&](const Json& c) { return c["name"] == name; });
}

class Golden : public ::testing::TestWithParam<std::string> {};

// What is left is the originals' smaller terms against division by zero.
TEST_P(Golden, IsTheOriginals) {
  const Json& c = case_of(GetParam());
  LossOptions options;
  if (c.contains("class_weights"))
    options.class_weights = at::tensor(c["class_weights"].get<std::vector<double>>(), at::kDouble);
  const std::unique_ptr<Loss> loss = make_loss(head_of(c), options);
  loss->set_last_epochs(c.value("late", false));
  std::vector<at::Tensor> maps = maps_of(c);
  for (at::Tensor& map : maps) map.requires_grad_();
  const LossValue got = (*loss)(maps, targets_of(c));
  const std::vector<std::string> names = loss->names();
  ASSERT_EQ(names.size(), c["parts"].size());
  for (size_t i = 0; i < names.size(); ++i)
    expect_near(got.parts[i].item<double>(), c["parts"].at(names[i]), 1e-6, names[i]);
  expect_near(got.total.item<double>(), c["total"], 1e-6, "total");
  got.total.backward();
  for (size_t m = 0; m < maps.size(); ++m)
    expect_gradient(maps[m].grad(), c["gradients"][m],
                    " of the gradient of map " + std::to_string(m));
}

INSTANTIATE_TEST_SUITE_P(Losses, Golden, ::testing::ValuesIn(names_of_cases()),
                         [](const auto& test) { return test.param; });

// A picture whose channels are the maps of two heads, one behind the other, and a network that
// takes them out again: a map of stride s has every s-th row and column.
class MapsAsPicture {
 public:
  MapsAsPicture(const Json& c, const std::vector<at::Tensor>& maps) : case_(c), maps_(maps) {
    for (const at::Tensor& map : maps) channels_ += map.size(1);
    const int64_t height = c["height"], width = c["width"];
    picture_ = at::zeros({c["batch"].get<int64_t>(), channels_, height, width}, at::kDouble);
    for (size_t m = 0; m < maps.size(); ++m) part(picture_, m).copy_(maps[m]);
    picture_.requires_grad_();
  }

  const at::Tensor& picture() const { return picture_; }

  // What belongs to map `m`.
  at::Tensor part(const at::Tensor& picture, size_t m) const {
    int64_t first = 0;
    for (size_t i = 0; i < m; ++i) first += maps_[i].size(1);
    const int64_t stride = picture.size(2) / maps_[m].size(2);
    return picture.slice(1, first, first + maps_[m].size(1))
        .slice(2, 0, picture.size(2), stride)
        .slice(3, 0, picture.size(3), stride);
  }

  // The first half of the maps is the one-to-one head's.
  TrainingGraph network() const {
    TrainingGraph training;
    const int64_t height = case_["height"], width = case_["width"];
    const ValueId x =
        training.graph.add_input("x", DType::kF32, Shape{1, channels_, height, width});
    training.head = {head_of(case_), {}};
    training.one_to_many = training.head;
    training.one_to_many->head.max_det = 0;
    int64_t first = 0;
    for (size_t m = 0; m < maps_.size(); ++m) {
      const int64_t count = maps_[m].size(1);
      Tensor taken(DType::kF32, Shape{count, channels_, 1, 1});
      for (int64_t i = 0; i < count; ++i)
        taken.mutable_data<float>()[static_cast<size_t>(i * channels_ + first + i)] = 1;
      Conv conv;
      conv.strides = {height / maps_[m].size(2), width / maps_[m].size(3)};
      const ValueId map =
          training.graph.add_node(conv, {x, training.graph.add_constant("w", taken)}, "map");
      TrainedHead& head = m < maps_.size() / 2 ? training.head : *training.one_to_many;
      head.maps.push_back(map);
      training.graph.outputs.push_back(map);
      first += count;
    }
    EXPECT_TRUE(infer_shapes(training.graph));
    return training;
  }

 private:
  const Json& case_;
  const std::vector<at::Tensor>& maps_;
  int64_t channels_ = 0;
  at::Tensor picture_;
};

// Both heads' losses as an objective adds them up.
TEST(GoldenPairs, AreTheOriginalsSums) {
  ASSERT_GE(golden()["pairs"].size(), 3u);
  for (const Json& c : golden()["pairs"]) {
    SCOPED_TRACE(c["name"].get<std::string>());
    std::vector<at::Tensor> maps = maps_of(c);
    for (const at::Tensor& map : maps_of(c, 64)) maps.push_back(map);
    const MapsAsPicture together(c, maps);
    const TrainingGraph network = together.network();
    const Result<Parameters> parameters = Parameters::of(network.graph)->converted(at::kDouble);
    ASSERT_TRUE(parameters);
    Result<Objective> objective = Objective::build(network, *parameters, LossOptions{});
    ASSERT_TRUE(objective) << objective.error().message;
    objective->set_epoch(c["epoch"], c["epochs"]);
    const Result<LossValue> got =
        objective->evaluate(together.picture(), targets_of(c), LessonMaps{}, RunMode{true});
    ASSERT_TRUE(got) << got.error().message;
    expect_near(got->total.item<double>(), c["total"], 1e-6, "total");
    got->total.backward();
    ASSERT_EQ(c["gradients"].size(), maps.size());
    for (size_t m = 0; m < maps.size(); ++m)
      expect_gradient(together.part(together.picture().grad(), m), c["gradients"][m],
                      " of the gradient of map " + std::to_string(m));
  }
}

}  // namespace
}  // namespace shrike::train
