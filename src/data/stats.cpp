#include "data/stats.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <set>

namespace shrike {

namespace {

constexpr double kSmall = 32.0 * 32.0, kMedium = 96.0 * 96.0;

Distribution distribution_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {values.front(), values[values.size() / 2], sum / static_cast<double>(values.size()),
          values.back()};
}

}  // namespace

DatasetStats dataset_stats(const Dataset& dataset) {
  DatasetStats stats;
  stats.pictures = dataset.samples.size();
  stats.classes.resize(dataset.names.size());
  std::vector<double> widths, heights, box_widths, box_heights, per_picture;
  for (const Sample& sample : dataset.samples) {
    widths.push_back(sample.width);
    heights.push_back(sample.height);
    per_picture.push_back(static_cast<double>(sample.truth.size()));
    if (sample.truth.empty()) ++stats.background;
    std::set<int> classes;
    for (const Truth& t : sample.truth) {
      assert(t.class_id >= 0 && static_cast<size_t>(t.class_id) < stats.classes.size());
      ++stats.instances;
      ++stats.classes[static_cast<size_t>(t.class_id)].instances;
      classes.insert(t.class_id);
      if (t.crowd) ++stats.crowds;
      if (t.ignore) ++stats.ignored;
      ++(t.area < kSmall ? stats.small : t.area < kMedium ? stats.medium : stats.large);
      box_widths.push_back(t.width);
      box_heights.push_back(t.height);
    }
    for (const int id : classes) ++stats.classes[static_cast<size_t>(id)].pictures;
  }
  stats.width = distribution_of(std::move(widths));
  stats.height = distribution_of(std::move(heights));
  stats.box_width = distribution_of(std::move(box_widths));
  stats.box_height = distribution_of(std::move(box_heights));
  stats.per_picture = distribution_of(std::move(per_picture));
  return stats;
}

}  // namespace shrike
