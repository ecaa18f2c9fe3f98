#include "eval/match.h"

#include <gtest/gtest.h>

#include <limits>

#include "eval/coco_box.h"
#include "eval/golden_test.h"

namespace shrike {
namespace {

TEST(Match, OverlapsArePycocotoolsToTheBit) {
  std::ifstream file = golden::open("overlaps.txt");
  CocoBox a, b;
  bool crowd;
  double expected;
  int pairs = 0, apart = 0;
  for (; file >> a.x >> a.y >> a.width >> a.height >> b.x >> b.y >> b.width >> b.height >> crowd >>
         expected;
       ++pairs) {
    EXPECT_EQ(overlap(a, b, crowd), expected) << "pair " << pairs;
    if (expected == 0) ++apart;
  }
  EXPECT_EQ(pairs, 200);
  EXPECT_GT(pairs - apart, 50);
}

Truth object(double x, double y, double width, double height, int class_id = 0) {
  Truth t;
  t.x = x;
  t.y = y;
  t.width = width;
  t.height = height;
  t.area = width * height;
  t.class_id = class_id;
  return t;
}

Detection detection(float x, float y, float width, float height, float confidence,
                    int class_id = 0) {
  return {{x, y, x + width, y + height}, confidence, class_id};
}

constexpr uint16_t kAll = 0x3FF;

TEST(Match, ThresholdsAreNumpys) {
  // numpy.linspace(0.5, 0.95, 10).tolist()
  const std::array<double, kIouThresholds> expected{
      0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95};
  for (int t = 0; t < kIouThresholds; ++t) EXPECT_EQ(iou_threshold(t), expected[t]) << t;
}

TEST(Match, OverlapReachesItsThreshold) {
  // 0.5 and 0.75 of the object, exactly.
  const std::vector<Truth> truth{object(0, 0, 40, 40), object(100, 0, 40, 40)};
  const std::vector<Detection> found{detection(0, 0, 20, 40, 0.9f),
                                     detection(100, 0, 30, 40, 0.8f)};
  const PictureMatches out = match_picture(found, truth);
  ASSERT_EQ(out.matches.size(), 2u);
  EXPECT_EQ(out.matches[0].found[0], 0b1);
  EXPECT_EQ(out.matches[1].found[0], 0b111111);
}

TEST(Match, TheSurerDetectionTakesTheObject) {
  const std::vector<Truth> truth{object(0, 0, 10, 10)};
  const std::vector<Detection> found{detection(0, 0, 10, 10, 0.5f), detection(0, 0, 8, 10, 0.9f)};
  const PictureMatches out = match_picture(found, truth);
  ASSERT_EQ(out.matches.size(), 2u);
  EXPECT_EQ(out.matches[0].confidence, 0.9f);
  // What the surer one does not overlap enough for is left to the other.
  EXPECT_EQ(out.matches[0].found[0] | out.matches[1].found[0], kAll);
  EXPECT_EQ(out.matches[0].found[0] & out.matches[1].found[0], 0);
}

TEST(Match, CrowdIsTakenOftenAndByTheDetectionsOwnArea) {
  std::vector<Truth> truth{object(0, 0, 100, 100)};
  truth[0].crowd = true;
  const std::vector<Detection> found{detection(0, 0, 10, 10, 0.9f),
                                     detection(50, 50, 10, 10, 0.8f)};
  const PictureMatches out = match_picture(found, truth);
  ASSERT_EQ(out.matches.size(), 2u);
  for (const Match& match : out.matches) {
    EXPECT_EQ(match.found[0], kAll);
    EXPECT_EQ(match.ignored[0], kAll);
  }
  ASSERT_EQ(out.classes.size(), 1u);
  EXPECT_EQ(out.classes[0].objects[0], 0u);
}

TEST(Match, IgnoredObjectIsTakenOnceAndAfterThoseThatCount) {
  std::vector<Truth> truth{object(0, 0, 10, 10), object(0, 0, 10, 8)};
  truth[0].ignore = true;  // fits better, but the other counts
  const std::vector<Detection> found{detection(0, 0, 10, 10, 0.9f), detection(0, 0, 10, 10, 0.8f),
                                     detection(0, 0, 10, 10, 0.7f)};
  const PictureMatches out = match_picture(found, truth);
  ASSERT_EQ(out.matches.size(), 3u);
  constexpr uint16_t kUpTo75 = 0b111111;  // the one that counts is overlapped by 0.8
  EXPECT_EQ(out.matches[0].found[0] & kUpTo75, kUpTo75);
  EXPECT_EQ(out.matches[0].ignored[0] & kUpTo75, 0);
  EXPECT_EQ(out.matches[1].ignored[0] & kUpTo75, kUpTo75);
  EXPECT_EQ(out.matches[2].found[0] & kUpTo75, 0);
  EXPECT_EQ(out.matches[2].ignored[0] & kUpTo75, 0);  // a second one is wrong
}

TEST(Match, AreaRangesHoldBothTheirEnds) {
  const std::vector<Truth> truth{object(0, 0, 32, 32), object(200, 0, 96, 96)};
  const PictureMatches out = match_picture({}, truth);
  ASSERT_EQ(out.classes.size(), 1u);
  EXPECT_EQ(out.classes[0].objects, (std::array<uint32_t, kAreaRanges>{2, 1, 2, 1}));
}

TEST(Match, WhatLiesOutsideTheRangeIsIgnoredUnlessItFindsSomething) {
  const std::vector<Truth> truth{object(0, 0, 32, 31)};                 // small
  const std::vector<Detection> found{detection(0, 0, 32, 33, 0.9f),     // medium, finds it
                                     detection(200, 0, 40, 40, 0.8f)};  // medium, finds nothing
  const PictureMatches out = match_picture(found, truth);
  ASSERT_EQ(out.matches.size(), 2u);
  EXPECT_EQ(out.matches[0].ignored[1], kAll & ~out.matches[0].found[1]);
  EXPECT_NE(out.matches[0].found[1], 0);
  EXPECT_EQ(out.matches[0].ignored[2], out.matches[0].found[2]);
  EXPECT_EQ(out.matches[1].ignored, (std::array<uint16_t, kAreaRanges>{0, kAll, 0, kAll}));
}

TEST(Match, ClassesAndRanksFollowFromThePlace) {
  const std::vector<Truth> truth{object(0, 0, 10, 10, 7), object(0, 0, 10, 10, 2)};
  const std::vector<Detection> found{
      detection(0, 0, 10, 10, 0.1f, 4), detection(0, 0, 10, 10, 0.2f, 2),
      detection(5, 0, 10, 10, 0.2f, 2), detection(0, 0, 10, 10, 0.3f, 4)};
  const PictureMatches out = match_picture(found, truth);
  ASSERT_EQ(out.classes.size(), 3u);
  EXPECT_EQ(out.classes[0].class_id, 2);
  EXPECT_EQ(out.classes[0].detections, 2u);
  EXPECT_EQ(out.classes[0].objects[0], 1u);
  EXPECT_EQ(out.classes[1].class_id, 4);
  EXPECT_EQ(out.classes[1].detections, 2u);
  EXPECT_EQ(out.classes[2].class_id, 7);
  EXPECT_EQ(out.classes[2].detections, 0u);
  ASSERT_EQ(out.matches.size(), 4u);
  EXPECT_EQ(out.matches[0].found[0], kAll);  // of equals the first given
  EXPECT_EQ(out.matches[1].found[0], 0);
  EXPECT_EQ(out.matches[2].confidence, 0.3f);
}

TEST(Match, AHundredAClassCount) {
  std::vector<Detection> found;
  for (int i = 0; i < 150; ++i)
    for (const int class_id : {0, 1})
      found.push_back(detection(0, 0, 10, 10, static_cast<float>(i) / 150, class_id));
  const PictureMatches out = match_picture(found, {});
  ASSERT_EQ(out.matches.size(), 200u);
  EXPECT_EQ(out.matches[0].confidence, 149.0f / 150);
  EXPECT_EQ(out.matches[99].confidence, 50.0f / 150);
}

TEST(Match, NotANumberIsLeftOut) {
  const std::vector<Detection> found{
      detection(0, 0, 10, 10, std::numeric_limits<float>::quiet_NaN()),
      detection(0, 0, 10, 10, 0.5f)};
  EXPECT_EQ(match_picture(found, {}).matches.size(), 1u);
}

TEST(Match, EmptyBoxesOverlapNothing) {
  const CocoBox box{1, 1, 5, 5};
  EXPECT_EQ(overlap({2, 2, 0, 3}, box, false), 0);
  EXPECT_EQ(overlap({2, 2, -1, 3}, box, true), 0);
  EXPECT_EQ(overlap({6, 1, 5, 5}, box, false), 0);  // side by side
  EXPECT_EQ(overlap(box, box, false), 1);
  EXPECT_EQ(match_picture({}, {}), PictureMatches{});
}

}  // namespace
}  // namespace shrike
