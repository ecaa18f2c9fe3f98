// The losses of distillation against others' code: golden/distillation.json, written by
// golden/generate_distillation.py.
#include <gtest/gtest.h>

#include <algorithm>

#include "train/distill_loss.h"
#include "train/golden_support.h"

namespace shrike::train {
namespace {

using namespace testing;

const Json& golden() {
  static const Json json = golden_file("distillation.json");
  return json;
}

std::vector<at::Tensor> leaves_of(const Json& c) {
  std::vector<at::Tensor> maps = maps_of(c);
  for (at::Tensor& map : maps) map.requires_grad_();
  return maps;
}

// None at all is one of zeros.
void expect_gradients(const std::vector<at::Tensor>& leaves, const Json& expected) {
  ASSERT_EQ(expected.size(), leaves.size());
  for (size_t m = 0; m < leaves.size(); ++m)
    expect_gradient(leaves[m].grad().defined() ? leaves[m].grad() : at::zeros_like(leaves[m]),
                    expected[m], " of the gradient of tensor " + std::to_string(m));
}

std::vector<std::string> names_of(const char* kind) {
  std::vector<std::string> names;
  for (const Json& c : golden().value(kind, Json::array())) names.push_back(c["name"]);
  return names;
}

const Json& case_of(const char* kind, const std::string& name) {
  const Json& cases = golden()[kind];
  return *std::find_if(cases.begin(), cases.end(),
                       [&](const Json& c) { return c["name"] == name; });
}

std::string name_of(const ::testing::TestParamInfo<std::string>& test) { return test.param; }

class GoldenResponse : public ::testing::TestWithParam<std::string> {};

// CIoU differs by the smaller terms against division by zero.
TEST_P(GoldenResponse, IsTheOthers) {
  const Json& c = case_of("response", GetParam());
  const Head student = head_of(c["student"]), teacher = head_of(c["teacher"]);
  ASSERT_EQ(c["at"].size(), 2u);
  for (const Json& expected : c["at"]) {
    SCOPED_TRACE("temperature " + expected["temperature"].dump());
    const std::vector<at::Tensor> maps = leaves_of(c["student"]), taught = leaves_of(c["teacher"]);
    const ResponseValue got = response_loss(student, maps, teacher, taught,
                                            c["classes"].get<Pairs>(), expected["temperature"], {});
    expect_near(got.classes.item<double>(), expected["classes"], 1e-6, "classes");
    expect_near(got.box.item<double>(), expected["box"], 1e-6, "box");
    (got.classes + got.box).backward();
    expect_gradients(maps, expected["gradients"]);
    for (const at::Tensor& map : taught) EXPECT_FALSE(map.grad().defined());
  }
}

INSTANTIATE_TEST_SUITE_P(Distillation, GoldenResponse, ::testing::ValuesIn(names_of("response")),
                         name_of);

class GoldenFeature : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenFeature, IsTheOthers) {
  const Json& c = case_of("feature", GetParam());
  ASSERT_EQ(c["at"].size(), 2u);
  for (const Json& expected : c["at"]) {
    SCOPED_TRACE("temperature " + expected["temperature"].dump());
    const std::vector<at::Tensor> student = leaves_of(c["student"]);
    const at::Tensor got =
        feature_loss(student[0], maps_of(c["teacher"])[0], expected["temperature"]);
    expect_near(got.item<double>(), expected["value"], 1e-9, "value");
    got.backward();
    expect_gradients(student, expected["gradients"]);
  }
}

INSTANTIATE_TEST_SUITE_P(Distillation, GoldenFeature, ::testing::ValuesIn(names_of("feature")),
                         name_of);

class GoldenMasked : public ::testing::TestWithParam<std::string> {};

// Masked places are told, so that the others' draw and random_mask() need not be the same one.
TEST_P(GoldenMasked, IsTheOthers) {
  const Json& c = case_of("masked", GetParam());
  std::vector<at::Tensor> leaves = leaves_of(c["student"]);
  const int64_t n = leaves[0].size(0), channels = leaves[0].size(1), height = leaves[0].size(2),
                width = leaves[0].size(3);
  const auto weights = [&](at::IntArrayRef shape) {
    const auto seed = static_cast<uint32_t>(c["generator"].get<size_t>() + leaves.size() - 1);
    const at::Tensor values = noise(seed, c10::multiply_integers(shape)).view(shape) * 0.5;
    return leaves.emplace_back(values.requires_grad_());
  };
  Generator generator;
  generator.first_weight = weights({channels, channels, 3, 3});
  generator.first_bias = weights({channels});
  generator.second_weight = weights({channels, channels, 3, 3});
  generator.second_bias = weights({channels});
  const at::Tensor drawn = (noise(c["mask"], n * height * width) + 1) / 2;
  const at::Tensor mask = at::le(drawn, 1 - 0.65).to(at::kDouble).view({n, 1, height, width});
  const at::Tensor got = masked_loss(leaves[0], maps_of(c["teacher"])[0], mask, generator);
  EXPECT_NEAR(got.item<double>(), c["value"].get<double>(), 1e-9 * c["value"].get<double>());
  got.backward();
  expect_gradients(leaves, c["gradients"]);
}

INSTANTIATE_TEST_SUITE_P(Distillation, GoldenMasked, ::testing::ValuesIn(names_of("masked")),
                         name_of);

// An empty list of cases would pass.
TEST(GoldenDistillation, HasAllCases) {
  EXPECT_GE(names_of("response").size(), 11u);
  EXPECT_GE(names_of("feature").size(), 3u);
  EXPECT_GE(names_of("masked").size(), 2u);
}

}  // namespace
}  // namespace shrike::train
