#include "eval/ranking.h"

#include <algorithm>
#include <cassert>

#include "eval/scores.h"

namespace shrike {

namespace {

constexpr uint16_t kEveryThreshold = (1u << kIouThresholds) - 1;

struct Entry {
  float confidence;
  uint32_t picture;
  const Match* match;
  uint8_t rank;
};
static_assert(kMaxPerClass <= 256, "rank is a byte");

void append(RankedRange& range, const Entry& entry, int area) {
  const uint16_t ignored = entry.match->ignored[area];
  if (ignored == kEveryThreshold) return;
  range.pictures.push_back(entry.picture);
  const auto right = static_cast<uint16_t>(entry.match->found[area] & ~ignored);
  if (right == 0 && ignored == 0) return;
  range.decided.push_back(
      {static_cast<uint32_t>(range.pictures.size()), entry.picture, right, ignored, entry.rank});
}

// `confidences`: of the detections of a range, falling.
std::vector<PointRun> point_runs(const std::vector<float>& confidences) {
  std::vector<PointRun> runs;
  uint32_t place = 0;
  for (int i = kCurvePoints - 1; i >= 0; --i) {
    while (place < confidences.size() && confidences[place] >= confidence_at_point(i)) ++place;
    if (runs.empty() || runs.back().place != place) runs.push_back({place, i, i});
    runs.back().first = i;
  }
  return runs;
}

void rank_class(std::vector<Entry>& entries, RankedClass& out) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.confidence > b.confidence; });
  std::vector<float> confidences;
  confidences.reserve(entries.size());
  for (int a = 0; a < kAreaRanges; ++a) {
    RankedRange& range = out.ranges[a];
    for (const Entry& entry : entries) {
      append(range, entry, a);
      if (a == 0 && range.pictures.size() > confidences.size())
        confidences.push_back(entry.confidence);
    }
  }
  out.runs = point_runs(confidences);
}

}  // namespace

std::vector<RankedClass> rank_classes(std::span<const PictureMatches> pictures, int class_count) {
  assert(pictures.size() < UINT32_MAX);
  std::vector<RankedClass> classes(class_count);
  std::vector<std::vector<Entry>> entries(class_count);
  for (uint32_t p = 0; p < pictures.size(); ++p) {
    const Match* match = pictures[p].matches.data();
    for (const ClassMatches& of_class : pictures[p].classes) {
      assert(of_class.class_id >= 0 && of_class.class_id < class_count);
      for (uint32_t r = 0; r < of_class.detections; ++r, ++match)
        entries[of_class.class_id].push_back(
            {match->confidence, p, match, static_cast<uint8_t>(r)});
      for (int a = 0; a < kAreaRanges; ++a) {
        if (of_class.objects[a] == 0) continue;
        RankedRange& range = classes[of_class.class_id].ranges[a];
        range.objects.push_back({p, of_class.objects[a]});
        range.object_count += of_class.objects[a];
      }
    }
  }
  for (int c = 0; c < class_count; ++c) {
    rank_class(entries[c], classes[c]);
    std::vector<Entry>().swap(entries[c]);
  }
  return classes;
}

}  // namespace shrike
