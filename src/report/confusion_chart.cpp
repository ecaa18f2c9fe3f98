#include <algorithm>
#include <numeric>

#include "report/heat_map.h"
#include "report/number.h"
#include "report/score_charts.h"
#include "vision/class_name.h"

namespace shrike {

namespace {

// Objects of class `id` that were missed or taken for another class, and detections of it that
// were wrong.
uint64_t mistakes(const ConfusionMatrix& matrix, int id) {
  uint64_t count = 0;
  for (int other = 0; other <= matrix.classes(); ++other)
    if (other != id) count += matrix.cell(id, other) + matrix.cell(other, id);
  return count;
}

// The classes that are drawn, ascending.
std::vector<int> drawn_classes(const ConfusionMatrix& matrix) {
  std::vector<int> ids(static_cast<size_t>(matrix.classes()));
  std::iota(ids.begin(), ids.end(), 0);
  if (matrix.classes() <= kMostConfusionClasses) return ids;
  std::vector<uint64_t> count;
  for (const int id : ids) count.push_back(mistakes(matrix, id));
  std::stable_sort(ids.begin(), ids.end(), [&](int a, int b) { return count[a] > count[b]; });
  ids.resize(kMostConfusionClasses);
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Where each class stands: its own row, or the common one after those of the drawn classes;
// background comes last.
std::vector<size_t> places(const ConfusionMatrix& matrix, const std::vector<int>& drawn) {
  const bool others = drawn.size() < static_cast<size_t>(matrix.classes());
  std::vector<size_t> place(static_cast<size_t>(matrix.classes()) + 1, drawn.size());
  for (size_t i = 0; i < drawn.size(); ++i) place[static_cast<size_t>(drawn[i])] = i;
  place.back() = drawn.size() + (others ? 1 : 0);
  return place;
}

}  // namespace

Figure confusion_figure(const ConfusionMatrix& matrix, const ConfusionOptions& options,
                        std::span<const std::string> names) {
  const std::vector<int> drawn = drawn_classes(matrix);
  const std::vector<size_t> place = places(matrix, drawn);
  const bool others = drawn.size() < static_cast<size_t>(matrix.classes());
  HeatMap map{"Confusion matrix",
              "Confidence " + fixed(options.confidence, 2) + ", IoU " + fixed(options.iou, 2) +
                  "; percent of each row",
              "Truth",
              "Predicted",
              {},
              {},
              {}};
  for (const int id : drawn) map.rows.push_back(class_name(names, id));
  if (others)
    map.rows.push_back(std::to_string(place.size() - 1 - drawn.size()) + " other classes");
  map.columns = map.rows;
  map.rows.push_back("background");
  map.columns.push_back("not found");
  const size_t side = map.rows.size();
  map.counts.resize(side * side);
  for (int truth = 0; truth <= matrix.classes(); ++truth)
    for (int predicted = 0; predicted <= matrix.classes(); ++predicted)
      map.counts[place[truth] * side + place[predicted]] += matrix.cell(truth, predicted);
  return {"confusion_matrix", "Confusion matrix: which class is taken for which",
          "A row holds the objects of a class, each cell the share (and number) of them that were "
          "taken for the class of the column; the last row holds detections of nothing.",
          draw(map)};
}

}  // namespace shrike
