#include "eval/bootstrap.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

#include "base/thread_pool.h"
#include "eval/draws.h"
#include "eval/lanes.h"
#include "eval/ranking.h"
#include "eval/weighted_curves.h"
#include "eval/weighted_precision.h"

namespace shrike {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// The headlines in order, then precision, recall and F1 at the best F1; kNone where there is none.
constexpr int kNumbers = kHeadlines + 3;
using Numbers = std::array<double, kNumbers>;

Numbers numbers_of(const Scores& scores) {
  Numbers out;
  for (int i = 0; i < kHeadlines; ++i)
    out[i] = (scores.summary.*kHeadlineFields<double>[i]).value_or(kNone);
  const bool any = !scores.curves.f1.empty();
  out[kHeadlines] = any ? scores.at_best.precision : kNone;
  out[kHeadlines + 1] = any ? scores.at_best.recall : kNone;
  out[kHeadlines + 2] = any ? scores.at_best.f1 : kNone;
  return out;
}

// What one thread needs to score eight draws.
class Scorer {
 public:
  std::array<Numbers, kLanes> score(std::span<const RankedClass> classes, Weights weights) {
    sums_ = {};
    counts_ = {};
    curves_.clear();
    for (const RankedClass& ranked : classes) add(ranked, weights);
    std::array<Numbers, kLanes> out;
    const auto best = curves_.best();
    for (int l = 0; l < kLanes; ++l) {
      for (int i = 0; i < kHeadlines; ++i) {
        const uint32_t count = counts_[kHeadlineRange[i]][l];
        out[l][i] = count > 0 ? sums_[i][l] / count : kNone;
      }
      out[l][kHeadlines] = best[l] ? best[l]->precision : kNone;
      out[l][kHeadlines + 1] = best[l] ? best[l]->recall : kNone;
      out[l][kHeadlines + 2] = best[l] ? best[l]->f1 : kNone;
    }
    return out;
  }

 private:
  void add(const RankedClass& ranked, Weights weights) {
    for (int a = 0; a < kAreaRanges; ++a) {
      const RankedRange& range = ranked.ranges[a];
      if (range.object_count == 0) continue;
      const Counts objects = weighted_objects(range, weights);
      const WeightedRange measured = precision_.measure(range, objects, weights);
      if (a == 0) {
        curves_.add(ranked, objects, weights);
        add({&measured.precision, &measured.precision50, &measured.precision75}, 0, objects);
        add({&measured.recall1, &measured.recall10, &measured.recall100}, 6, objects);
      } else {
        add({&measured.precision}, 2 + a, objects);
        add({&measured.recall100}, 8 + a, objects);
      }
      for (int l = 0; l < kLanes; ++l) counts_[a][l] += objects[l] > 0 ? 1 : 0;
    }
  }

  // To the headlines from `first` on, where the class has objects.
  void add(std::initializer_list<const Sums*> values, int first, const Counts& objects) {
    for (const Sums* value : values) {
      for (int l = 0; l < kLanes; ++l) sums_[first][l] += objects[l] > 0 ? (*value)[l] : 0;
      ++first;
    }
  }

  WeightedPrecision precision_;
  WeightedCurves curves_;
  std::array<Sums, kHeadlines> sums_;
  std::array<Counts, kAreaRanges> counts_;  // classes that have objects
};

void draw_weights(const BootstrapOptions& options, int64_t first_draw, std::vector<Counts>& out) {
  std::fill(out.begin(), out.end(), Counts{});
  for (int l = 0; l < kLanes; ++l)
    draw_pictures(options.seed, static_cast<uint64_t>(first_draw + l),
                  static_cast<uint32_t>(out.size()), [&](uint32_t p) { ++out[p][l]; });
}

// By draw; empty once options.stopped.
std::vector<Numbers> drawn_numbers(std::span<const PictureMatches> pictures, int class_count,
                                   const BootstrapOptions& options) {
  std::vector<Numbers> out(std::max(options.draws, 0));
  if (pictures.empty()) out.clear();
  const std::vector<RankedClass> classes = rank_classes(pictures, class_count);
  const auto count = static_cast<int64_t>(out.size());
  ThreadPool pool(std::max(options.threads, 1));
  std::vector<Scorer> scorers(pool.threads());
  std::vector<std::vector<Counts>> weights(pool.threads(), std::vector<Counts>(pictures.size()));
  std::atomic<bool> stopped = false;
  pool.parallel_for((count + kLanes - 1) / kLanes, [&](int64_t block, int worker) {
    if (stopped) return;
    if (options.stopped && options.stopped()) {
      stopped = true;
      return;
    }
    const int64_t first = block * kLanes;
    draw_weights(options, first, weights[worker]);
    const auto numbers = scorers[worker].score(classes, weights[worker]);
    for (int64_t l = 0; l < kLanes && first + l < count; ++l) out[first + l] = numbers[l];
  });
  if (stopped) out.clear();
  return out;
}

// `share` of the sorted values lie below; between two values on the line between them.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

// Of the values that exist.
std::optional<Interval> middle95(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  return Interval{quantile(values, 0.025), quantile(values, 0.975)};
}

}  // namespace

SummaryIntervals bootstrap(std::span<const PictureMatches> pictures, int class_count,
                           const BootstrapOptions& options) {
  const std::vector<Numbers> draws = drawn_numbers(pictures, class_count, options);
  SummaryIntervals out;
  const auto interval = [&](int number) {
    std::vector<double> values;
    for (const Numbers& draw : draws) values.push_back(draw[number]);
    return middle95(std::move(values));
  };
  for (int i = 0; i < kHeadlines; ++i) out.*kHeadlineFields<Interval>[i] = interval(i);
  out.precision = interval(kHeadlines);
  out.recall = interval(kHeadlines + 1);
  out.f1 = interval(kHeadlines + 2);
  return out;
}

SummaryDifferences compare(std::span<const PictureMatches> a, std::span<const PictureMatches> b,
                           int class_count, const BootstrapOptions& options) {
  assert(a.size() == b.size());
  const Numbers of_a = numbers_of(score(a, class_count)), of_b = numbers_of(score(b, class_count));
  // The same seed: the same draws.
  const std::vector<Numbers> draws_a = drawn_numbers(a, class_count, options);
  const std::vector<Numbers> draws_b = drawn_numbers(b, class_count, options);
  if (draws_a.size() != draws_b.size()) return {};  // stopped
  const auto difference = [&](int number) -> std::optional<PairedDifference> {
    std::vector<double> values;
    int above = 0;
    for (size_t i = 0; i < draws_a.size(); ++i) {
      const double value = draws_b[i][number] - draws_a[i][number];
      if (std::isnan(value)) continue;
      values.push_back(value);
      if (value > 0) ++above;
    }
    if (values.empty()) return std::nullopt;
    const double share = static_cast<double>(above) / static_cast<double>(values.size());
    return PairedDifference{of_b[number] - of_a[number], *middle95(std::move(values)), share};
  };
  SummaryDifferences out;
  for (int i = 0; i < kHeadlines; ++i) out.*kHeadlineFields<PairedDifference>[i] = difference(i);
  out.precision = difference(kHeadlines);
  out.recall = difference(kHeadlines + 1);
  out.f1 = difference(kHeadlines + 2);
  return out;
}

}  // namespace shrike
