#include "report/choose.h"

#include <algorithm>
#include <numeric>

#include "eval/draws.h"

namespace shrike {

uint32_t count_mistakes(std::span<const Detection> detections, std::span<const Truth> truth,
                        const ConfusionOptions& options) {
  // The classes that occur, numbered from 0: the matrix stays small.
  std::vector<int> ids;
  for (const Detection& d : detections) ids.push_back(d.class_id);
  for (const Truth& t : truth) ids.push_back(t.class_id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const auto number = [&](int id) {
    return static_cast<int>(std::lower_bound(ids.begin(), ids.end(), id) - ids.begin());
  };
  std::vector<Detection> found(detections.begin(), detections.end());
  for (Detection& d : found) d.class_id = number(d.class_id);
  std::vector<Truth> objects(truth.begin(), truth.end());
  for (Truth& t : objects) t.class_id = number(t.class_id);

  const int classes = static_cast<int>(ids.size());
  ConfusionMatrix matrix(classes);
  matrix.add(found, objects, options);
  uint64_t mistakes = 0;
  for (int row = 0; row <= classes; ++row)
    for (int column = 0; column <= classes; ++column)
      if (row != column) mistakes += matrix.cell(row, column);
  return static_cast<uint32_t>(mistakes);
}

std::vector<size_t> choose_pictures(std::span<const uint32_t> mistakes, size_t limit,
                                    uint64_t seed) {
  std::vector<size_t> order(mistakes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return mistakes[a] > mistakes[b]; });
  limit = std::min(limit, order.size());
  size_t worst = 0;
  while (worst < (3 * limit + 3) / 4 && mistakes[order[worst]] > 0) ++worst;

  // The rest: the start of a shuffle (Fisher and Yates) of those that are left.
  RandomStream random(seed, 0);
  std::sort(order.begin() + static_cast<ptrdiff_t>(worst), order.end());
  for (size_t i = worst; i < limit; ++i)
    std::swap(order[i], order[i + random.below(static_cast<uint32_t>(order.size() - i))]);
  order.resize(limit);
  std::sort(order.begin() + static_cast<ptrdiff_t>(worst), order.end());
  return order;
}

}  // namespace shrike
