#include "eval/bootstrap.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "eval/sample_test.h"

namespace shrike {
namespace {

constexpr double kTolerance = 1e-9;
constexpr int kNumbers = kHeadlines + 3;

template <typename T, typename All>
std::optional<T> number(const All& all, int index) {
  if (index < kHeadlines) return all.*kHeadlineFields<T>[index];
  return index == kHeadlines ? all.precision : index == kHeadlines + 1 ? all.recall : all.f1;
}

std::optional<double> number(const Scores& scores, int index) {
  if (index < kHeadlines) return scores.summary.*kHeadlineFields<double>[index];
  if (scores.instances == 0) return std::nullopt;
  const OperatingPoint& at = scores.at_best;
  return index == kHeadlines ? at.precision : index == kHeadlines + 1 ? at.recall : at.f1;
}

// score() of every draw, the drawn pictures written out in order.
std::vector<Scores> naive_draws(const std::vector<PictureMatches>& pictures, int classes,
                                const BootstrapOptions& options) {
  std::vector<Scores> out;
  const auto count = static_cast<uint32_t>(pictures.size());
  for (int draw = 0; draw < options.draws; ++draw) {
    std::vector<int> times(count);
    draw_pictures(options.seed, static_cast<uint64_t>(draw), count,
                  [&](uint32_t p) { ++times[p]; });
    std::vector<PictureMatches> drawn;
    for (uint32_t p = 0; p < count; ++p)
      for (int i = 0; i < times[p]; ++i) drawn.push_back(pictures[p]);
    out.push_back(score(drawn, classes));
  }
  return out;
}

// The ends of the middle 95 % of so many draws, where they lie on draws.
Interval ends(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t outside = values.size() / 40;
  return {values[outside], values[values.size() - 1 - outside]};
}

void expect_equal_to_naive(const std::vector<PictureMatches>& pictures, int classes,
                           const BootstrapOptions& options) {
  const SummaryIntervals intervals = bootstrap(pictures, classes, options);
  const std::vector<Scores> draws = naive_draws(pictures, classes, options);
  for (int i = 0; i < kNumbers; ++i) {
    std::vector<double> values;
    for (const Scores& draw : draws)
      if (const auto value = number(draw, i)) values.push_back(*value);
    const auto interval = number<Interval>(intervals, i);
    ASSERT_EQ(interval.has_value(), !values.empty()) << "number " << i;
    if (values.size() != draws.size()) continue;
    const Interval expected = ends(std::move(values));
    EXPECT_NEAR(interval->low, expected.low, kTolerance) << "number " << i;
    EXPECT_NEAR(interval->high, expected.high, kTolerance) << "number " << i;
  }
}

TEST(Bootstrap, EqualsScoresOfTheSetsWrittenOut) {
  for (const uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    sample::Options options;
    options.classes = seed % 2 == 0 ? 1 : 7;
    options.skill = seed == 3 ? 0 : 0.8;
    options.noise = seed == 4 ? 40 : 4;  // more than 10 a class
    sample::Maker maker(seed, options);
    const int pictures = std::array{1, 2, 40, 60, 150, 300}[seed - 1];
    const std::vector<PictureMatches> matches = maker.matches(pictures);
    BootstrapOptions draws;
    draws.draws = 41;  // the ends are the second from either side
    draws.seed = seed;
    expect_equal_to_naive(matches, options.classes, draws);
    draws.draws = 1;  // the ends are the draw itself
    for (draws.seed = 100; draws.seed < 120; ++draws.seed)
      expect_equal_to_naive(matches, options.classes, draws);
  }
}

// Where the second picture is not drawn, class 1 is there but never detected: its precision is 0.
TEST(Bootstrap, KnowsWhichClassesADrawDetects) {
  Truth cat, dog;
  cat.width = cat.height = cat.area = dog.width = dog.height = dog.area = 10;
  dog.x = 50;
  dog.class_id = 1;
  // The faint ones keep the best confidence above them.
  const std::vector<Detection> found{{{0, 0, 10, 10}, 0.9f, 0}, {{80, 0, 90, 10}, 0.1f, 0}};
  const std::vector<Detection> wrong{{{0, 0, 10, 10}, 0.1f, 1}};
  const std::vector<PictureMatches> pictures{match_picture(found, std::vector{cat, dog}),
                                             match_picture(wrong, {})};
  EXPECT_EQ(score(std::span(pictures).first(1), 2).at_best.precision, 0.5);
  EXPECT_EQ(score(pictures, 2).at_best.precision, 1);
  BootstrapOptions options;
  options.draws = 1;
  for (options.seed = 0; options.seed < 20; ++options.seed)
    expect_equal_to_naive(pictures, 2, options);
}

TEST(Bootstrap, DoesNotDependOnThreads) {
  const std::vector<PictureMatches> pictures = sample::Maker(7, {}).matches(30);
  BootstrapOptions options;
  options.draws = 99;
  const SummaryIntervals one = bootstrap(pictures, 3, options);
  for (const int threads : {2, 5}) {
    options.threads = threads;
    const SummaryIntervals many = bootstrap(pictures, 3, options);
    for (int i = 0; i < kNumbers; ++i) {
      EXPECT_EQ(number<Interval>(one, i)->low, number<Interval>(many, i)->low);
      EXPECT_EQ(number<Interval>(one, i)->high, number<Interval>(many, i)->high);
    }
  }
  options.seed = 1;
  EXPECT_NE(bootstrap(pictures, 3, options).map50_95->low, one.map50_95->low);
}

TEST(Bootstrap, NothingWhereThereIsNoNumber) {
  EXPECT_FALSE(bootstrap({}, 3, {}).map50_95);
  const std::vector<PictureMatches> empty(5);
  const SummaryIntervals none = bootstrap(empty, 3, {});
  for (int i = 0; i < kNumbers; ++i) EXPECT_FALSE(number<Interval>(none, i)) << i;
  EXPECT_FALSE(compare(empty, empty, 3, {}).f1);
}

TEST(Bootstrap, AModelIsNoBetterThanItself) {
  const std::vector<PictureMatches> pictures = sample::Maker(9, {}).matches(25);
  const SummaryDifferences same = compare(pictures, pictures, 3, {});
  for (int i = 0; i < kNumbers; ++i) {
    const auto difference = number<PairedDifference>(same, i);
    ASSERT_TRUE(difference) << i;
    EXPECT_EQ(difference->difference, 0);
    EXPECT_EQ(difference->interval95.low, 0);
    EXPECT_EQ(difference->interval95.high, 0);
    EXPECT_EQ(difference->share_above_zero, 0);
  }
}

// The same pictures looked at by a detector and by one that misses `missing` of what that one sees.
std::pair<std::vector<PictureMatches>, std::vector<PictureMatches>> two_models(uint64_t seed,
                                                                               int pictures,
                                                                               double missing) {
  sample::Options options;
  options.classes = 1;
  sample::Maker maker(seed, options);
  std::pair<std::vector<PictureMatches>, std::vector<PictureMatches>> out;
  for (int i = 0; i < pictures; ++i) {
    sample::Picture picture = maker.picture();
    out.second.push_back(match_picture(picture.detections, picture.truth));
    std::erase_if(picture.detections, [&](const Detection&) { return maker.uniform() < missing; });
    out.first.push_back(match_picture(picture.detections, picture.truth));
  }
  return out;
}

TEST(Bootstrap, PairedDifferenceIsLessUncertainThanTheScores) {
  const auto [worse, better] = two_models(3, 200, 0.1);
  const SummaryDifferences differences = compare(worse, better, 1, {});
  const SummaryIntervals alone = bootstrap(better, 1, {});
  ASSERT_TRUE(differences.map50_95);
  EXPECT_NEAR(differences.map50_95->difference,
              *score(better, 1).summary.map50_95 - *score(worse, 1).summary.map50_95, 1e-15);
  EXPECT_GT(differences.map50_95->interval95.low, 0);
  EXPECT_EQ(differences.map50_95->share_above_zero, 1);
  EXPECT_LT(differences.map50_95->interval95.high - differences.map50_95->interval95.low,
            0.6 * (alone.map50_95->high - alone.map50_95->low));
}

// The interval has to hold what an endless set would score in about 95 of 100 sets.
TEST(Bootstrap, IntervalsHoldTheTruthAsOftenAsTheySay) {
  constexpr int kSets = 200, kPictures = 80;
  const auto [all_worse, all_better] = two_models(1000, 5000, 0.1);
  const Summary worse = score(all_worse, 1).summary, better = score(all_better, 1).summary;
  BootstrapOptions options;
  options.draws = 200;
  int precision = 0, recall = 0, difference = 0;
  for (uint64_t seed = 0; seed < kSets; ++seed) {
    const auto [a, b] = two_models(seed, kPictures, 0.1);
    const auto holds = [](const Interval& interval, double value) {
      return interval.low <= value && value <= interval.high ? 1 : 0;
    };
    const SummaryIntervals alone = bootstrap(b, 1, options);
    precision += holds(*alone.map50_95, *better.map50_95);
    recall += holds(*alone.ar100, *better.ar100);
    difference +=
        holds(compare(a, b, 1, options).map50_95->interval95, *better.map50_95 - *worse.map50_95);
  }
  // Four standard deviations of so many trials, and a little for small sets and few draws.
  const double allowed = 4 * std::sqrt(kSets * 0.95 * 0.05) + 0.01 * kSets;
  EXPECT_NEAR(precision, 0.95 * kSets, allowed);
  EXPECT_NEAR(recall, 0.95 * kSets, allowed);
  EXPECT_NEAR(difference, 0.95 * kSets, allowed);
  RecordProperty("held", std::to_string(precision) + ' ' + std::to_string(recall) + ' ' +
                             std::to_string(difference));
}

TEST(Bootstrap, StopsBetweenDraws) {
  sample::Maker maker(1, {});
  const std::vector<PictureMatches> a = maker.matches(20), b = maker.matches(20);
  const int classes = sample::Options().classes;
  for (const int threads : {1, 3}) {
    for (const int at : {0, 5, 40}) {  // 40: the first set's draws are done, the second's are not
      SCOPED_TRACE(std::to_string(threads) + " threads, stopped at question " + std::to_string(at));
      std::atomic<int> questions = 0;
      BootstrapOptions options{.draws = 8 * 30, .seed = 1, .threads = threads};
      options.stopped = [&] { return questions++ >= at; };
      const SummaryDifferences differences = compare(a, b, classes, options);
      for (int i = 0; i < kNumbers; ++i)
        EXPECT_FALSE(number<PairedDifference>(differences, i).has_value()) << "number " << i;
      if (at < 30) {
        questions = 0;
        const SummaryIntervals intervals = bootstrap(a, classes, options);
        EXPECT_LE(questions, at + threads) << "no question, so no draw, once stopped";
        for (int i = 0; i < kNumbers; ++i)
          EXPECT_FALSE(number<Interval>(intervals, i).has_value()) << "number " << i;
      }
    }
  }
  BootstrapOptions options{.draws = 50, .seed = 1, .threads = 2};
  const auto without = bootstrap(a, classes, options).map50_95;
  options.stopped = [] { return false; };
  const auto asked = bootstrap(a, classes, options).map50_95;
  ASSERT_TRUE(without && asked);
  EXPECT_EQ(without->low, asked->low);
  EXPECT_EQ(without->high, asked->high);
}

TEST(Bootstrap, DrawsAreTheSameEverywhereAndEven) {
  // Computed from the paper's formulas in Python.
  RandomStream stream(1, 2);
  EXPECT_EQ(stream.next(), 7315055658720408282u);
  std::vector<uint32_t> drawn;
  draw_pictures(3, 4, 10, [&](uint32_t p) { drawn.push_back(p); });
  EXPECT_EQ(drawn, (std::vector<uint32_t>{9, 0, 0, 3, 9, 6, 3, 0, 3, 5}));
  std::vector<int> times(7);
  for (int i = 0; i < 70000; ++i) ++times[stream.below(7)];
  for (const int count : times) EXPECT_NEAR(count, 10000, 5 * std::sqrt(70000 * 6.0 / 49));
  EXPECT_EQ(stream.below(1), 0u);
}

}  // namespace
}  // namespace shrike
