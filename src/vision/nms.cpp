#include "vision/nms.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>

namespace shrike {

namespace {

// What sorting needs of a candidate: small, so that the sort stays in the cache.
struct Rank {
  float confidence;
  uint32_t index;
};

bool before(const Rank& a, const Rank& b) {
  return a.confidence != b.confidence ? a.confidence > b.confidence : a.index < b.index;
}

// The `limit` most confident candidates, best first; those that are not numbers left out, for they
// have no place in an order.
std::vector<Rank> ranked(const std::vector<Detection>& candidates, int limit) {
  std::vector<Rank> ranks;
  ranks.reserve(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i)
    if (!std::isnan(candidates[i].confidence))
      ranks.push_back({candidates[i].confidence, static_cast<uint32_t>(i)});
  const size_t count = std::min(ranks.size(), static_cast<size_t>(std::max(limit, 0)));
  if (count < ranks.size()) {
    const auto end = ranks.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(ranks.begin(), end, ranks.end(), before);
    ranks.resize(count);
  }
  std::sort(ranks.begin(), ranks.end(), before);
  return ranks;
}

}  // namespace

void keep_most_confident(std::vector<Detection>& candidates, int limit) {
  std::vector<Detection> sorted;
  for (const Rank& rank : ranked(candidates, limit)) sorted.push_back(candidates[rank.index]);
  candidates = std::move(sorted);
}

std::vector<Detection> non_max_suppression(const std::vector<Detection>& candidates,
                                           const NmsOptions& options) {
  std::vector<Detection> kept;
  std::unordered_map<int, std::vector<Box>> kept_of_class;
  for (const Rank& rank : ranked(candidates, options.max_candidates)) {
    if (static_cast<int>(kept.size()) >= options.max_detections) break;
    const Detection& candidate = candidates[rank.index];
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
