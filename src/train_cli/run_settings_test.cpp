#include "train_cli/run_settings.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shrike {
namespace {

// Of three classes 4, 2 and no objects, in two pictures.
Dataset uneven() {
  Dataset dataset;
  dataset.names = {"many", "few", "none"};
  dataset.samples.resize(2);
  for (const int class_id : {0, 0, 1}) {
    Truth truth;
    truth.class_id = class_id;
    for (Sample& sample : dataset.samples) sample.truth.push_back(truth);
  }
  for (const bool crowd : {true, false}) {  // neither learned from nor counted
    Truth truth;
    truth.class_id = 2;
    (crowd ? truth.crowd : truth.ignore) = true;
    dataset.samples[0].truth.push_back(truth);
  }
  return dataset;
}

void expect_near(const std::vector<float>& got, const std::vector<double>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-6) << "class " << i;
}

TEST(ClassWeights, AreAPowerOfHowRareAClassIs) {
  expect_near(class_weights(uneven(), 1), {0.6, 1.2, 1.2});
  const double root = 1 + 2 * std::sqrt(2.0);  // 1, sqrt(2), sqrt(2) before they are scaled
  expect_near(class_weights(uneven(), 0.5),
              {3 / root, 3 * std::sqrt(2.0) / root, 3 * std::sqrt(2.0) / root});
}

TEST(ClassWeights, AreNoneWhereNothingIsAskedFor) {
  EXPECT_TRUE(class_weights(uneven(), 0).empty());
}

// 5 epochs of 20 batches, the last 2 closed; the others' epochs are 267 batches long.
TEST(RunSettings, PicturesWithoutLabelsCloseTheirMosaicsWithTheOthers) {
  TrainOptions options;
  options.epochs = 5;
  options.augment.close_mosaic = 2;
  StartingNetwork network;
  network.training.head.head.strides = {8};
  network.training.head.head.num_classes = 3;
  RunData data;
  data.train.samples.resize(20);
  data.unlabeled.samples.resize(4000);
  const Result<RunSettings> settings = run_settings(options, network, data, 1);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->loader.batch, 1);
  EXPECT_EQ(settings->loader.open_batches, std::nullopt);
  ASSERT_TRUE(settings->unlabeled);
  EXPECT_EQ(settings->unlabeled->batch, 15);
  EXPECT_EQ(settings->unlabeled->open_batches, 3 * 20);
}

Graph with_weights(std::initializer_list<const char*> names) {
  Graph graph;
  for (const char* name : names) {
    Value& value = graph.values.emplace_back();
    value.name = name;
    value.constant = Tensor(DType::kF32, {1});
  }
  return graph;
}

TEST(FrozenBy, StartsOfNamesDoNotCutNumbers) {
  const Graph graph =
      with_weights({"model.1.conv.weight", "model.10.conv.weight", "model.2.bn.bias"});
  const Result<Frozen> one = frozen_by("model.1,model.2.bn", graph);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_TRUE((*one)("model.1.conv.weight"));
  EXPECT_FALSE((*one)("model.10.conv.weight"));
  EXPECT_TRUE((*one)("model.2.bn.bias"));
  const Result<Frozen> none = frozen_by("model.1.conv.weight,model.3", graph);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("'model.3'"), std::string::npos) << none.error().message;
}

// Of layers a file in integers has no names.
TEST(FrozenBy, ANumberOfLayersIsRefusedOfIntegers) {
  const Graph floats = with_weights({"model.0.conv.weight", "model.1.conv.weight"}),
              integers = with_weights({"w1", "b1", "w2", "b2"});
  EXPECT_TRUE(frozen_by("1", floats));
  const Result<Frozen> refused = frozen_by("1", integers);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_NE(refused.error().message.find("w1, b1, w2"), std::string::npos);
  EXPECT_TRUE(frozen_by("w1,b1", integers));
}

}  // namespace
}  // namespace shrike
