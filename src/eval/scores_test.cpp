#include "eval/scores.h"

#include <bit>
#include <cstdio>
#include <numeric>

#include "eval/average_precision.h"
#include "eval/golden_test.h"
#include "eval/ranking.h"

namespace shrike {
namespace {

constexpr double kTolerance = 1e-9;

void expect_headlines(std::istream& file, const Summary& summary, const std::string& name) {
  for (int i = 0; i < kHeadlines; ++i) {
    double expected = 0;
    ASSERT_TRUE(file >> expected) << name;
    const std::optional<double>& value = summary.*kHeadlineFields<double>[i];
    ASSERT_EQ(value.has_value(), expected >= 0) << name << ' ' << kHeadlineNames[i];
    if (!value) continue;
    EXPECT_NEAR(*value, expected, kTolerance) << name << " " << kHeadlineNames[i];
  }
}

double average(const std::vector<double>& curve) {
  return std::accumulate(curve.begin(), curve.end(), 0.0) / static_cast<double>(curve.size());
}

// golden/oracle.py: print_point().
void expect_point(std::istream& file, const OperatingPoint& point, const ConfidenceCurves& curves,
                  const std::string& name) {
  std::string word;
  file >> word;
  ASSERT_EQ(word, "best") << name;
  ASSERT_EQ(curves.f1.size(), static_cast<size_t>(kCurvePoints)) << name;
  for (const double value :
       {point.confidence, point.precision, point.recall, point.f1, average(curves.precision),
        average(curves.recall), average(curves.f1)}) {
    double expected = 0;
    ASSERT_TRUE(file >> expected) << name;
    EXPECT_NEAR(value, expected, kTolerance) << name;
  }
}

// golden/oracle.py: digest().
std::string digest(const RankedClass& ranked) {
  uint64_t hash = 0xCBF29CE484222325;
  const auto take = [&](double value) {
    hash = (hash ^ std::bit_cast<uint64_t>(value)) * 0x100000001B3;
  };
  const auto recall = [&](int range, int most) {
    const RankedRange& r = ranked.ranges[range];
    for (int t = 0; t < kIouThresholds; ++t)
      take(r.object_count > 0 ? recall_within(r, t, most) : -1);
  };
  for (const RankedRange& range : ranked.ranges)
    for (int t = 0; t < kIouThresholds; ++t) {
      PrecisionAtRecall precision;
      precision.fill(-1);
      if (range.object_count > 0) precision = precision_at_recall(range, t);
      for (const double value : precision) take(value);
    }
  for (const int most : {1, 10, 100}) recall(0, most);
  for (const int range : {1, 2, 3}) recall(range, 100);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

void expect_scores(std::istream& file, const golden::Set& set) {
  const std::vector<PictureMatches> matches = golden::matched(set);
  const Scores scores = score(matches, set.classes);
  const std::vector<RankedClass> ranked = rank_classes(matches, set.classes);
  std::string word, name;
  file >> word >> name;
  ASSERT_EQ(name, set.name);
  EXPECT_EQ(scores.images, set.pictures.size());
  expect_headlines(file, scores.summary, name);
  if (scores.summary.map50) expect_point(file, scores.at_best, scores.curves, name);
  ASSERT_EQ(scores.classes.size(), static_cast<size_t>(set.classes));
  uint64_t instances = 0;
  for (int c = 0; c < set.classes; ++c) {
    const ClassScores& of_class = scores.classes[c];
    const std::string where = name + " class " + std::to_string(c);
    uint64_t objects, pictures;
    ASSERT_TRUE(file >> objects >> pictures) << where;
    EXPECT_EQ(of_class.class_id, c);
    EXPECT_EQ(of_class.instances, objects) << where;
    EXPECT_EQ(of_class.pictures, pictures) << where;
    instances += objects;
    expect_headlines(file, of_class.summary, where);
    file >> word;
    EXPECT_EQ(digest(ranked[c]), word) << where << ": not the same to the bit";
    if (objects == 0) {
      EXPECT_TRUE(of_class.curves.f1.empty()) << where;
      continue;
    }
    expect_point(file, of_class.at_best, of_class.curves, where);
    EXPECT_NEAR(mean(of_class.precision_at_recall), *of_class.summary.map50, kTolerance) << where;
  }
  EXPECT_EQ(scores.instances, instances) << name;
}

TEST(Scores, EqualPycocotools) {
  std::ifstream file = golden::open("scores.txt");
  for (const golden::Set& set : golden::sets()) expect_scores(file, set);
  std::string rest;
  EXPECT_FALSE(file >> rest) << "more scores than sets";
}

}  // namespace
}  // namespace shrike
