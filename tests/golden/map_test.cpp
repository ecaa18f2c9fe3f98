// Average precision of real models on real pictures against an oracle's: ONNX Runtime with pre- and
// post-processing in NumPy and OpenCV, scored with pycocotools (the folder's README says how the
// numbers were made). What is not on this machine is skipped by name.
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/file.h"
#include "data/dataset.h"
#include "formats/json.h"
#include "formats/model.h"
#include "shared_files.h"
#include "validate/validate.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

constexpr double kTolerance = 0.001;  // 0.1 points

class GoldenMap : public testing::TestWithParam<const char*> {};

TEST_P(GoldenMap, WithinATenthOfAPoint) {
  const std::string name = GetParam();
  const fs::path numbers = shared_folder() / "golden" / "map.json";
  const std::optional<fs::path> file = find_model(name);
  if (!file || !fs::exists(numbers))
    GTEST_SKIP() << name << ": model or golden numbers are not on this machine (" << numbers << ")";
  const Result<std::string> text = read_text(numbers, ErrorKind::kInput);
  ASSERT_TRUE(text);
  const Result<Json> all = parse_json(*text, numbers.string());
  ASSERT_TRUE(all);
  const Json& golden = (*all)[name];

  DatasetOptions options;
  options.split = golden["split"].get<std::string>();
  // coco128 has one folder, under both of its splits.
  if (options.split == "train2017") options.split = "train";
  const Result<Dataset> dataset =
      open_dataset(shared_folder() / golden["data"].get<std::string>(), options);
  ASSERT_TRUE(dataset) << dataset.error().message;

  Result<Graph> graph = load_model({*file, {}});
  ASSERT_TRUE(graph) << graph.error().message;
  LoadOptions load;
  load.threads = 1;
  Result<Detector> detector = Detector::create(*std::move(graph), file->string(), load);
  ASSERT_TRUE(detector) << detector.error().message;
  ValidateOptions validation;
  validation.view.streams = usable_cores();
  const Result<Validation> result = validate(*detector, *dataset, validation);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->skipped.empty());

  const Summary& ours = result->scores.summary;
  ASSERT_TRUE(ours.map50_95 && ours.map50 && ours.ar100);
  for (const auto& [key, value] :
       {std::pair{"map50_95", *ours.map50_95}, {"map50", *ours.map50}, {"ar100", *ours.ar100}}) {
    EXPECT_NEAR(value, golden[key].get<double>(), kTolerance) << key;
    RecordProperty(key, std::to_string(value));
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenMap,
                         testing::Values("yolov8n-bccd-320", "yolov8n-bccd-640", "yolox_nano",
                                         "yolov3-tiny", "yolo-fastest-1.1", "yolo-fastest-1.1-xl"),
                         [](const auto& param_info) { return test_name(param_info.param); });

}  // namespace
}  // namespace shrike
