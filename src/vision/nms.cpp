#include "vision/nms.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace shrike {

void keep_most_confident(std::vector<Detection>& candidates, int limit) {
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto before = [&](size_t a, size_t b) {
    const float ca = candidates[a].confidence, cb = candidates[b].confidence;
    return ca != cb ? ca > cb : a < b;
  };
  const size_t count = std::min(order.size(), static_cast<size_t>(std::max(limit, 0)));
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(count);
  if (count < order.size()) std::nth_element(order.begin(), middle, order.end(), before);
  std::sort(order.begin(), middle, before);

  std::vector<Detection> sorted;
  sorted.reserve(count);
  for (size_t i = 0; i < count; ++i) sorted.push_back(candidates[order[i]]);
  candidates = std::move(sorted);
}

std::vector<Detection> non_max_suppression(std::vector<Detection> candidates,
                                           const NmsOptions& options) {
  // A NaN has no place in an order, and would make sorting undefined.
  std::erase_if(candidates, [](const Detection& d) { return std::isnan(d.confidence); });
  keep_most_confident(candidates, options.max_candidates);

  std::vector<Detection> kept;
  std::unordered_map<int, std::vector<Box>> kept_of_class;
  for (const Detection& candidate : candidates) {
    if (static_cast<int>(kept.size()) >= options.max_detections) break;
    std::vector<Box>& rivals = kept_of_class[options.agnostic ? 0 : candidate.class_id];
    const bool suppressed = std::any_of(rivals.begin(), rivals.end(), [&](const Box& rival) {
      return iou(rival, candidate.box) > options.iou;
    });
    if (suppressed) continue;
    kept.push_back(candidate);
    rivals.push_back(candidate.box);
  }
  return kept;
}

}  // namespace shrike
