#include "eval/match.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "eval/coco_box.h"

namespace shrike {

namespace {

constexpr std::array<AreaRange, kAreaRanges> kRanges{{{"all", 0, 1e10},
                                                      {"small", 0, 32 * 32},
                                                      {"medium", 32 * 32, 96 * 96},
                                                      {"large", 96 * 96, 1e10}}};

// As numpy.linspace(0.5, 0.95, 10) rounds them.
constexpr std::array<double, kIouThresholds> make_thresholds() {
  std::array<double, kIouThresholds> out{};
  constexpr double kFirst = 0.5, kLast = 0.95, kStep = (kLast - kFirst) / (kIouThresholds - 1);
  for (int i = 0; i < kIouThresholds; ++i) out[i] = i * kStep + kFirst;
  out.back() = kLast;
  return out;
}

constexpr std::array<double, kIouThresholds> kThresholds = make_thresholds();
constexpr uint16_t kEveryThreshold = (1u << kIouThresholds) - 1;

bool outside(double area, const AreaRange& range) {
  return area < range.least || area > range.most;
}

// An object of the class at hand. Bit t of `taken`: at IoU threshold t.
struct Object {
  CocoBox box;
  bool crowd = false;
  std::array<bool, kAreaRanges> ignored{};
  std::array<uint16_t, kAreaRanges> taken{};
};

// An object that a detection overlaps enough for the lowest threshold.
struct Candidate {
  double overlap;
  Object* object;
};

Object make_object(const Truth& truth) {
  Object object;
  object.box = coco_box(truth);
  object.crowd = truth.crowd;
  for (int a = 0; a < kAreaRanges; ++a)
    object.ignored[a] = truth.crowd || truth.ignore || outside(truth.area, kRanges[a]);
  return object;
}

// The free candidate of the highest overlap among those that are `ignored` or not; the later of
// equals; null if none reaches the threshold.
Object* best_free(std::span<const Candidate> candidates, int range, int threshold, bool ignored) {
  Object* best = nullptr;
  double least = kThresholds[threshold];
  for (const Candidate& candidate : candidates) {
    const Object& object = *candidate.object;
    const bool taken = (object.taken[range] >> threshold & 1) != 0;
    if (object.ignored[range] != ignored || (taken && !object.crowd)) continue;
    if (candidate.overlap < least) continue;
    least = candidate.overlap;
    best = candidate.object;
  }
  return best;
}

void match_in_range(Match& match, std::span<const Candidate> candidates, int range, bool out) {
  for (int t = 0; t < kIouThresholds && !candidates.empty(); ++t) {
    Object* object = best_free(candidates, range, t, false);
    if (!object) object = best_free(candidates, range, t, true);
    if (!object) continue;
    const auto bit = static_cast<uint16_t>(1u << t);
    object->taken[range] |= bit;
    match.found[range] |= bit;
    if (object->ignored[range]) match.ignored[range] |= bit;
  }
  if (out) match.ignored[range] |= static_cast<uint16_t>(kEveryThreshold & ~match.found[range]);
}

Match match_detection(const Detection& detection, std::span<Object> objects,
                      std::vector<Candidate>& candidates) {
  Match match;
  match.confidence = detection.confidence;
  const CocoBox box = coco_box(detection.box);
  candidates.clear();
  for (Object& object : objects) {
    const double shared = overlap(box, object.box, object.crowd);
    if (shared >= kThresholds[0]) candidates.push_back({shared, &object});
  }
  const double area = box.area();
  for (int a = 0; a < kAreaRanges; ++a)
    match_in_range(match, candidates, a, outside(area, kRanges[a]));
  return match;
}

// Indices of detections by class, then falling confidence, then the order given.
std::vector<uint32_t> ordered(std::span<const Detection> detections) {
  std::vector<uint32_t> order;
  order.reserve(detections.size());
  for (uint32_t i = 0; i < detections.size(); ++i)
    if (!std::isnan(detections[i].confidence)) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const Detection &x = detections[a], &y = detections[b];
    if (x.class_id != y.class_id) return x.class_id < y.class_id;
    if (x.confidence != y.confidence) return x.confidence > y.confidence;
    return a < b;
  });
  return order;
}

std::vector<uint32_t> ordered(std::span<const Truth> truth) {
  std::vector<uint32_t> order(truth.size());
  for (uint32_t i = 0; i < truth.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return truth[a].class_id < truth[b].class_id; });
  return order;
}

}  // namespace

const AreaRange& area_range(int index) { return kRanges[index]; }

double iou_threshold(int index) { return kThresholds[index]; }

PictureMatches match_picture(std::span<const Detection> detections, std::span<const Truth> truth) {
  const std::vector<uint32_t> by_class = ordered(detections), objects_by_class = ordered(truth);
  PictureMatches out;
  out.matches.reserve(by_class.size());
  std::vector<Object> objects;
  std::vector<Candidate> candidates;
  auto d = by_class.begin();
  auto g = objects_by_class.begin();
  while (d != by_class.end() || g != objects_by_class.end()) {
    ClassMatches of_class;
    of_class.class_id = g == objects_by_class.end() ? detections[*d].class_id
                        : d == by_class.end()
                            ? truth[*g].class_id
                            : std::min(detections[*d].class_id, truth[*g].class_id);
    assert(of_class.class_id >= 0);
    objects.clear();
    for (; g != objects_by_class.end() && truth[*g].class_id == of_class.class_id; ++g) {
      objects.push_back(make_object(truth[*g]));
      for (int a = 0; a < kAreaRanges; ++a)
        of_class.objects[a] += objects.back().ignored[a] ? 0 : 1;
    }
    for (; d != by_class.end() && detections[*d].class_id == of_class.class_id; ++d) {
      if (of_class.detections == kMaxPerClass) continue;
      ++of_class.detections;
      out.matches.push_back(match_detection(detections[*d], objects, candidates));
    }
    out.classes.push_back(of_class);
  }
  return out;
}

}  // namespace shrike
