#include "eval/average_precision.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <vector>

namespace shrike {

PrecisionAtRecall precision_at_recall(const RankedRange& range, int threshold) {
  assert(range.object_count > 0);
  // Precision after each detection that is right: between them it only falls, and recall stands.
  std::vector<double> precision;
  uint32_t ignored = 0;
  for (const Decided& decided : range.decided) {
    ignored += decided.ignored >> threshold & 1;
    if ((decided.right >> threshold & 1) == 0) continue;
    const auto right = static_cast<double>(precision.size() + 1);
    precision.push_back(right / (static_cast<double>(decided.place - ignored) + kPrecisionGuard));
  }
  for (size_t k = precision.size(); k-- > 1;)
    precision[k - 1] = std::max(precision[k - 1], precision[k]);

  PrecisionAtRecall out{};
  const auto objects = static_cast<double>(range.object_count);
  size_t k = 0;
  for (int i = 0; i < kRecallPoints; ++i) {
    while (k < precision.size() && static_cast<double>(k + 1) / objects < recall_at_point(i)) ++k;
    if (k == precision.size()) break;
    out[i] = precision[k];
  }
  return out;
}

double recall_within(const RankedRange& range, int threshold, int most) {
  assert(range.object_count > 0);
  uint64_t right = 0;
  for (const Decided& decided : range.decided)
    if (decided.rank < most) right += decided.right >> threshold & 1;
  return static_cast<double>(right) / static_cast<double>(range.object_count);
}

double mean(const PrecisionAtRecall& precision) {
  return std::accumulate(precision.begin(), precision.end(), 0.0) / kRecallPoints;
}

}  // namespace shrike
