#include "eval/confusion.h"

#include <gtest/gtest.h>

#include "eval/coco_box.h"
#include "eval/sample_test.h"

namespace shrike {
namespace {

using Cells = std::vector<std::vector<uint64_t>>;

// Again and again the pair of the highest overlap among those that are free.
void add_naively(Cells& cells, const sample::Picture& picture, const ConfusionOptions& options) {
  const size_t background = cells.size() - 1;
  std::vector<Detection> found;
  for (const Detection& d : picture.detections)
    if (d.confidence > options.confidence) found.push_back(d);
  std::vector<int> taken_by(picture.truth.size(), -1), took(found.size(), -1);
  const auto shared = [&](size_t d, size_t g) {
    return overlap(coco_box(found[d].box), coco_box(picture.truth[g]), picture.truth[g].crowd);
  };
  const auto counts = [&](size_t g) { return !picture.truth[g].crowd && !picture.truth[g].ignore; };
  for (;;) {
    double highest = options.iou;
    int best_d = -1, best_g = -1;
    for (size_t d = 0; d < found.size(); ++d)
      for (size_t g = 0; g < picture.truth.size(); ++g)
        if (took[d] < 0 && taken_by[g] < 0 && counts(g) && shared(d, g) > highest) {
          highest = shared(d, g);
          best_d = static_cast<int>(d);
          best_g = static_cast<int>(g);
        }
    if (best_d < 0) break;
    took[best_d] = best_g;
    taken_by[best_g] = best_d;
    ++cells[picture.truth[best_g].class_id][found[best_d].class_id];
  }
  for (size_t g = 0; g < picture.truth.size(); ++g)
    if (counts(g) && taken_by[g] < 0) ++cells[picture.truth[g].class_id][background];
  for (size_t d = 0; d < found.size(); ++d) {
    bool excused = took[d] >= 0;
    for (size_t g = 0; g < picture.truth.size(); ++g)
      excused = excused || (!counts(g) && shared(d, g) > options.iou);
    if (!excused) ++cells[background][found[d].class_id];
  }
}

TEST(Confusion, EqualsTheNaiveCount) {
  for (const uint64_t seed : {1, 2, 3, 4}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    sample::Options kind;
    kind.classes = seed == 1 ? 1 : 5;
    kind.crowds = seed == 2 ? 0 : 0.2;
    sample::Maker maker(seed, kind);
    ConfusionOptions options;
    options.iou = 0.3 + 0.1 * static_cast<double>(seed);
    ConfusionMatrix matrix(kind.classes);
    Cells cells(kind.classes + 1, std::vector<uint64_t>(kind.classes + 1));
    for (int i = 0; i < 100; ++i) {
      sample::Picture picture = maker.picture();
      // Crossing claims: detections and objects close to one another.
      for (size_t d = 0; d + 1 < picture.detections.size(); d += 2)
        picture.detections[d + 1].box = picture.detections[d].box;
      if (picture.truth.size() > 1) {
        picture.truth[1] = picture.truth[0];
        picture.truth[1].x += 3;
      }
      matrix.add(picture.detections, picture.truth, options);
      add_naively(cells, picture, options);
    }
    uint64_t found = 0;
    for (int t = 0; t <= kind.classes; ++t)
      for (int p = 0; p <= kind.classes; ++p) {
        EXPECT_EQ(matrix.cell(t, p), cells[t][p]) << t << ' ' << p;
        if (t == p) found += cells[t][p];
      }
    EXPECT_GT(found, 25u);
  }
}

TEST(Confusion, ClassesDoNotMatterToTheMatch) {
  Truth cat;
  cat.width = cat.height = 10;
  cat.class_id = 0;
  const Detection dog{{0, 0, 10, 10}, 0.9f, 1}, faint{{0, 0, 10, 10}, 0.25f, 0};
  ConfusionMatrix matrix(2);
  matrix.add(std::vector{dog, faint}, std::vector{cat}, {});
  EXPECT_EQ(matrix.cell(0, 1), 1u);
  EXPECT_EQ(matrix.cell(0, 2), 0u);
  EXPECT_EQ(matrix.cell(2, 0), 0u);  // a confidence of exactly the threshold is not over it
  ConfusionMatrix sum(2);
  sum.add(matrix);
  sum.add(matrix);
  EXPECT_EQ(sum.cell(0, 1), 2u);
}

}  // namespace
}  // namespace shrike
