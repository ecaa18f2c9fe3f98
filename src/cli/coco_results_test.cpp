#include "cli/coco_results.h"

#include <gtest/gtest.h>

#include "formats/json.h"

namespace shrike {
namespace {

TEST(CocoResults, IdsOfTheDataAndNumbersThatReadBack) {
  Dataset dataset;
  dataset.names = {"cat", "dog"};
  dataset.category_ids = {3, 90};
  for (const int64_t id : {int64_t{17}, int64_t{581929}, int64_t{9'000'000'000}}) {
    Sample sample;
    sample.id = id;
    dataset.samples.push_back(sample);
  }
  Validation validation;
  validation.scored = {0, 2};
  const Detection found{{0.1f, 1e-8f, 33.333332f, 7}, 0.7f, 1};
  validation.detections = {{}, {found, {{1, 2, 3, 4}, 0.25f, 0}}};

  const Result<Json> json = parse_json(coco_results(dataset, validation), "results");
  ASSERT_TRUE(json) << json.error().message;
  ASSERT_EQ(json->size(), 2u);
  const Json& first = (*json)[0];
  EXPECT_EQ(first["image_id"], 9'000'000'000);
  EXPECT_EQ(first["category_id"], 90);
  const double x = found.box.x1, y = found.box.y1;
  EXPECT_EQ(first["bbox"], (Json{x, y, found.box.x2 - x, found.box.y2 - y}));
  EXPECT_EQ(first["score"].get<float>(), 0.7f);
  EXPECT_EQ((*json)[1]["category_id"], 3);

  validation.detections = {{}, {}};
  EXPECT_EQ(*parse_json(coco_results(dataset, validation), "results"), Json::array());
}

}  // namespace
}  // namespace shrike
