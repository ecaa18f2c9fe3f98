#include "vision/nms.h"

#include <limits>

#include "vision/golden_test.h"

namespace shrike {
namespace {

// golden/generate.py: nms_input().
std::vector<Detection> nms_input(size_t count) {
  const std::vector<uint8_t> bytes = golden::noise(6 * count, static_cast<uint32_t>(count));
  std::vector<Detection> out;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* v = bytes.data() + 6 * i;
    const auto x = static_cast<float>(v[0]), y = static_cast<float>(v[1]);
    out.push_back(
        {{x, y, x + 20 + static_cast<float>(v[2]) / 4, y + 20 + static_cast<float>(v[3]) / 4},
         static_cast<float>(v[4]) / 256,
         v[5] / 64});
  }
  return out;
}

NmsOptions unlimited() {
  NmsOptions options;
  options.max_detections = 100'000;
  return options;
}

TEST(Nms, EqualsTorchvision) {
  auto file = golden::open("nms.txt");
  size_t count, rows;
  NmsOptions options = unlimited();
  int cases = 0;
  for (; file >> count >> options.iou >> options.agnostic >> rows; ++cases) {
    const std::vector<Detection> kept = non_max_suppression(nms_input(count), options);
    ASSERT_EQ(kept.size(), rows) << count << " candidates";
    for (const Detection& detection : kept) {
      Detection expected;
      file >> expected.box.x1 >> expected.box.y1 >> expected.box.x2 >> expected.box.y2 >>
          expected.confidence >> expected.class_id;
      EXPECT_EQ(detection.box, expected.box);
      EXPECT_NEAR(detection.confidence, expected.confidence, 1e-6);  // seven digits are stored
      EXPECT_EQ(detection.class_id, expected.class_id);
    }
  }
  EXPECT_EQ(cases, 6);
}

TEST(Nms, LimitsAreTheMostConfident) {
  const std::vector<Detection> all = non_max_suppression(nms_input(500), unlimited());
  NmsOptions options;
  options.max_detections = 7;
  const std::vector<Detection> few = non_max_suppression(nms_input(500), options);
  ASSERT_EQ(few.size(), 7u);
  for (size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i].box, all[i].box);

  options = unlimited();
  options.max_candidates = 1;
  EXPECT_EQ(non_max_suppression(nms_input(500), options).size(), 1u);
  options.max_candidates = 0;
  EXPECT_TRUE(non_max_suppression(nms_input(500), options).empty());
}

TEST(Nms, ThresholdItselfDoesNotSuppress) {
  // Two boxes of area 2 that share 1: IoU 1/3 exactly as floats divide it.
  const std::vector<Detection> pair = {{{0, 0, 2, 1}, 0.9f, 0}, {{1, 0, 3, 1}, 0.8f, 0}};
  NmsOptions options;
  options.iou = 1.0f / 3.0f;
  EXPECT_EQ(non_max_suppression(pair, options).size(), 2u);
  options.iou = 0.33f;
  EXPECT_EQ(non_max_suppression(pair, options).size(), 1u);
}

TEST(Nms, EqualConfidencesKeepTheirOrder) {
  std::vector<Detection> same;
  for (int i = 0; i < 100; ++i)
    same.push_back(
        {{10.0f * static_cast<float>(i), 0, 10.0f * static_cast<float>(i) + 5, 5}, 0.5f, i % 3});
  const std::vector<Detection> kept = non_max_suppression(same, NmsOptions{});
  ASSERT_EQ(kept.size(), same.size());
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i].box, same[i].box);
}

TEST(Nms, NotANumberIsDropped) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Detection> kept =
      non_max_suppression({{{0, 0, 1, 1}, nan, 0}, {{0, 0, 1, 1}, 0.5f, 0}}, NmsOptions{});
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].confidence, 0.5f);
}

TEST(Nms, ThirtyThousandCandidatesAreNothingSpecial) {
  NmsOptions options;
  options.max_candidates = 29'999;
  EXPECT_EQ(non_max_suppression(nms_input(30'000), options).size(), 300u);
}

TEST(Box, Overlap) {
  EXPECT_EQ(iou({0, 0, 2, 2}, {0, 0, 2, 2}), 1);
  EXPECT_EQ(iou({0, 0, 2, 2}, {2, 0, 4, 2}), 0);
  EXPECT_EQ(iou({0, 0, 0, 0}, {0, 0, 0, 0}), 0);
  EXPECT_EQ(iou({0, 0, 4, 1}, {3, 0, 7, 1}), 1.0f / 7.0f);
}

TEST(Box, FormsAreInverse) {
  const Box box{10, 20, 50, 40};
  EXPECT_EQ(to_box(to_centre(box)), box);
  const CentreBox fraction = to_normalized(box, 100, 50);
  EXPECT_FLOAT_EQ(fraction.cx, 0.3f);
  EXPECT_FLOAT_EQ(fraction.cy, 0.6f);
  EXPECT_FLOAT_EQ(fraction.width, 0.4f);
  EXPECT_FLOAT_EQ(fraction.height, 0.4f);
  const Box back = from_normalized(fraction, 100, 50);
  EXPECT_NEAR(back.x1, box.x1, 1e-4f);
  EXPECT_NEAR(back.y2, box.y2, 1e-4f);
}

}  // namespace
}  // namespace shrike
