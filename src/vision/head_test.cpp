#include "vision/head.h"

#include <cmath>
#include <limits>
#include <map>

#include "vision/golden_test.h"

namespace shrike {
namespace {

// The maps of golden/generate.py: two scales, three classes.
constexpr int kClasses = 3;
constexpr float kConfidence = 0.3f;
struct Grid {
  int height, width;
  float stride;
};
constexpr Grid kGrids[] = {{4, 6, 8}, {2, 3, 16}};

std::vector<std::vector<float>> raw_maps(int channels, uint32_t seed) {
  std::vector<std::vector<float>> maps;
  for (const Grid& g : kGrids)
    maps.push_back(
        golden::noise_floats(static_cast<size_t>(g.height * g.width * channels), seed++));
  return maps;
}

HeadMap map_of(const std::vector<float>& values, const Grid& g, int from, int channels,
               int stride) {
  return {values.data() + from, g.height, g.width, channels, stride};
}

using Cases = std::map<std::string, std::vector<Detection>>;

Cases read_cases() {
  Cases cases;
  auto file = golden::open("heads.txt");
  std::string name;
  size_t rows;
  while (file >> name >> rows) {
    std::vector<Detection>& found = cases[name];
    for (Detection d; rows > 0 && file >> d.box.x1 >> d.box.y1 >> d.box.x2 >> d.box.y2 >>
                                      d.confidence >> d.class_id;
         --rows)
      found.push_back(d);
  }
  return cases;
}

void expect_case(const std::string& name, const std::vector<Detection>& found) {
  SCOPED_TRACE(name);
  static const Cases cases = read_cases();
  const auto expected = cases.find(name);
  ASSERT_NE(expected, cases.end());
  ASSERT_EQ(found.size(), expected->second.size());
  for (size_t i = 0; i < found.size(); ++i) {
    const Detection &a = found[i], &b = expected->second[i];
    const float tolerance = 1e-5f * (1000 + std::abs(b.box.x2) + std::abs(b.box.y2));
    EXPECT_NEAR(a.box.x1, b.box.x1, tolerance) << i;
    EXPECT_NEAR(a.box.y1, b.box.y1, tolerance) << i;
    EXPECT_NEAR(a.box.x2, b.box.x2, tolerance) << i;
    EXPECT_NEAR(a.box.y2, b.box.y2, tolerance) << i;
    EXPECT_NEAR(a.confidence, b.confidence, 1e-5f) << i;
    EXPECT_EQ(a.class_id, b.class_id) << i;
  }
}

struct AnchorFreeMaps {
  explicit AnchorFreeMaps(int reg_max)
      : box(raw_maps(4 * reg_max, 100)), classes(raw_maps(kClasses, 200)) {
    for (size_t i = 0; i < std::size(kGrids); ++i)
      scales.push_back({map_of(box[i], kGrids[i], 0, 4 * reg_max, 4 * reg_max),
                        map_of(classes[i], kGrids[i], 0, kClasses, kClasses), kGrids[i].stride});
  }
  std::vector<std::vector<float>> box, classes;
  std::vector<AnchorFreeScale> scales;
};

const std::string& suffix(bool multi_label) {
  static const std::string texts[] = {"", "_multi"};
  return texts[multi_label ? 1 : 0];
}

TEST(Head, AnchorFreeEqualsUltralytics) {
  for (const int reg_max : {1, 4, 16})
    for (const bool multi_label : {false, true}) {
      std::vector<Detection> found;
      decode_anchor_free(AnchorFreeMaps(reg_max).scales, reg_max, {kConfidence, multi_label},
                         found);
      expect_case("anchor_free_" + std::to_string(reg_max) + suffix(multi_label), found);
    }
}

TEST(Head, EndToEndEqualsUltralytics) {
  for (const int max_detections : {5, 30}) {
    std::vector<Detection> found = {Detection{}};
    decode_end_to_end(AnchorFreeMaps(1).scales, 1, kConfidence, max_detections, found);
    expect_case("end_to_end_" + std::to_string(max_detections), found);
  }
}

TEST(Head, AnchorsEqualThePublishedFormulas) {
  constexpr int kChannels = 2 * (5 + kClasses);
  const AnchorSize anchors[2][2] = {{{10, 13}, {33, 23}}, {{62, 45}, {116, 90}}};
  const auto maps = raw_maps(kChannels, 300);
  std::vector<AnchorScale> scales;
  for (size_t i = 0; i < std::size(kGrids); ++i)
    scales.push_back(
        {map_of(maps[i], kGrids[i], 0, kChannels, kChannels), anchors[i], kGrids[i].stride, 1.05f});
  for (const bool multi_label : {false, true}) {
    std::vector<Detection> found;
    decode_anchors(scales, AnchorCoding::kV5, {kConfidence, multi_label}, found);
    expect_case("v5" + suffix(multi_label), found);
    found.clear();
    decode_anchors(scales, AnchorCoding::kDarknet, {kConfidence, multi_label}, found);
    expect_case("darknet" + suffix(multi_label), found);
  }
}

TEST(Head, YoloxEqualsThePublishedFormulas) {
  constexpr int kChannels = 5 + kClasses;
  const auto maps = raw_maps(kChannels, 400);
  std::vector<YoloxScale> scales;
  for (size_t i = 0; i < std::size(kGrids); ++i)
    scales.push_back({map_of(maps[i], kGrids[i], 0, 4, kChannels),
                      map_of(maps[i], kGrids[i], 4, 1, kChannels),
                      map_of(maps[i], kGrids[i], 5, kClasses, kChannels), kGrids[i].stride});
  for (const bool multi_label : {false, true}) {
    std::vector<Detection> found;
    decode_yolox(scales, ScoreForm::kLogits, {kConfidence, multi_label}, found);
    expect_case("yolox" + suffix(multi_label), found);
  }

  // The raw export: one tensor, probabilities.
  std::vector<float> rows;
  for (const auto& map : maps) rows.insert(rows.end(), map.begin(), map.end());
  for (size_t i = 0; i < rows.size(); ++i)
    if (i % kChannels >= 4) rows[i] = 1 / (1 + std::exp(-rows[i]));
  const int strides[] = {8, 16};
  const auto split = split_yolox_rows(rows.data(), 30, kChannels, strides, 48, 32);
  ASSERT_TRUE(split.ok());
  std::vector<Detection> found;
  decode_yolox(*split, ScoreForm::kProbabilities, {kConfidence, false}, found);
  expect_case("yolox", found);
}

TEST(Head, YoloxRowsThatDoNotFitAreAnError) {
  const std::vector<float> rows(31 * 8);
  const int strides[] = {8, 16};
  for (const int64_t count : {0, 29, 31})
    EXPECT_FALSE(split_yolox_rows(rows.data(), count, 8, strides, 48, 32).ok()) << count;
  EXPECT_FALSE(split_yolox_rows(rows.data(), 30, 5, strides, 48, 32).ok());
}

TEST(Head, V8OutputIsReadByColumns) {
  // Anchors 0, 1, 2; the second has two classes over the threshold, the third none.
  const std::vector<float> output = {10, 20, 30, 10,   20,   30,   4,    6,    8,  //
                                     2,  4,  6,  0.9f, 0.4f, 0.2f, 0.1f, 0.5f, 0.3f};
  std::vector<Detection> found;
  decode_v8_output(output.data(), 2, 3, {0.3f, false}, found);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].box, (Box{8, 9, 12, 11}));
  EXPECT_EQ(found[0].class_id, 0);
  EXPECT_EQ(found[1].class_id, 1);
  found.clear();
  decode_v8_output(output.data(), 2, 3, {0.3f, true}, found);
  EXPECT_EQ(found.size(), 3u);
}

TEST(Head, V5OutputMultipliesObjectness) {
  const std::vector<float> output = {10, 10, 4, 2, 0.5f, 0.4f, 0.8f,  //
                                     10, 10, 4, 2, 0.2f, 1.0f, 1.0f};
  std::vector<Detection> found;
  decode_v5_output(output.data(), 2, 2, {0.3f, false}, found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FLOAT_EQ(found[0].confidence, 0.4f);
  EXPECT_EQ(found[0].class_id, 1);
}

TEST(Head, EndToEndRowsWithOddClassesAreLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> rows = {
      1, 2,    3,     4, 0.9f, 5, 1, 2,    3,    4, 0.2f, 5,   1, 2,    3, 4, 0.9f, -1, 1, 2,   3,
      4, 0.9f, 1e30f, 1, 2,    3, 4, 0.9f, 0.5f, 1, 2,    nan, 4, 0.9f, 5, 1, 2,    3,  4, nan, 5};
  std::vector<Detection> found;
  decode_end_to_end_output(rows.data(), 7, 0.25f, found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].class_id, 5);
}

TEST(Head, ThresholdsAtTheEnds) {
  const AnchorFreeMaps maps(1);
  std::vector<Detection> found;
  decode_anchor_free(maps.scales, 1, {0.0f, true}, found);
  EXPECT_EQ(found.size(), 30u * kClasses);
  found.clear();
  decode_anchor_free(maps.scales, 1, {1.0f, true}, found);
  EXPECT_TRUE(found.empty());
}

TEST(Head, NotANumberGivesNoCandidate) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float box[] = {1, nan, 1, 1, 1, 1, 1, 1}, classes[] = {5, nan};
  const AnchorFreeScale scale{{box, 1, 2, 4, 4}, {classes, 1, 2, 1, 1}, 8};
  std::vector<Detection> found;
  decode_anchor_free({&scale, 1}, 1, {0.25f, false}, found);
  decode_anchor_free({&scale, 1}, 1, {0.25f, true}, found);
  EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace shrike
