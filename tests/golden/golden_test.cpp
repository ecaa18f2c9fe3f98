// Detections of real models on real pictures against an oracle's: ONNX Runtime with pre- and
// post-processing in NumPy and OpenCV (the folder's README says how they were made).
//
// Models, pictures and numbers are not in the repository (shared_files.h). A model that is not
// there is skipped by name.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "detect/detector.h"
#include "formats/json.h"
#include "formats/model.h"
#include "shared_files.h"
#include "vision/decode.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

constexpr float kThreshold = 0.25f;
constexpr float kNearThreshold = 0.01f;  // who lies this close to the threshold may differ
constexpr float kLeastIou = 0.98f;
constexpr float kScoreTolerance = 0.005f;

struct GoldenCase {
  const char* model;     // name of the golden file and of the model's stem
  const char* pictures;  // below data/
};

std::ostream& operator<<(std::ostream& out, const GoldenCase& c) { return out << c.model; }

constexpr GoldenCase kCases[] = {
    {"yolov8n-bccd-320", "bccd/images/test"},
    {"yolov8n-bccd-640", "bccd/images/test"},
    {"yolox_nano", "coco128/images/train2017"},
    {"yolov3-tiny", "coco128/images/train2017"},
    {"yolo-fastest-1.1", "coco128/images/train2017"},
    {"yolo-fastest-1.1-xl", "coco128/images/train2017"},
};

bool matches(const Json& golden, const Detection& d) {
  const Json& b = golden["box"];
  const Box box{b[0].get<float>(), b[1].get<float>(), b[2].get<float>(), b[3].get<float>()};
  return golden["class_id"].get<int>() == d.class_id && iou(box, d.box) >= kLeastIou &&
         std::abs(golden["confidence"].get<float>() - d.confidence) <= kScoreTolerance;
}

// Pairs each golden detection with one of ours; what is left on either side must be near the
// threshold.
void expect_same(const Json& golden, std::vector<Detection> ours) {
  for (const Json& wanted : golden) {
    const auto found = std::find_if(ours.begin(), ours.end(),
                                    [&](const Detection& d) { return matches(wanted, d); });
    if (found != ours.end()) {
      ours.erase(found);
    } else {
      EXPECT_LT(wanted["confidence"].get<float>(), kThreshold + kNearThreshold)
          << "missing: " << wanted.dump();
    }
  }
  for (const Detection& d : ours)
    EXPECT_LT(d.confidence, kThreshold + kNearThreshold)
        << "not in the oracle's: class " << d.class_id << " at " << d.box.x1 << "," << d.box.y1
        << "," << d.box.x2 << "," << d.box.y2;
}

class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, Detections) {
  const GoldenCase& c = GetParam();
  const fs::path numbers =
      shared_folder() / "golden" / ("detect-" + std::string(c.model) + ".json");
  const std::optional<fs::path> file = find_model(c.model);
  if (!file || !fs::exists(numbers))
    GTEST_SKIP() << c.model << ": model or golden numbers are not on this machine (" << numbers
                 << ")";
  Result<std::string> text = read_text(numbers, ErrorKind::kInput);
  ASSERT_TRUE(text);
  Result<Json> golden = parse_json(*text, numbers.string());
  ASSERT_TRUE(golden);
  Result<Graph> graph = load_model({*file, {}});
  ASSERT_TRUE(graph) << graph.error().message;
  Result<Detector> detector = Detector::create(*std::move(graph), file->string(), {});
  ASSERT_TRUE(detector) << detector.error().message;
  EXPECT_EQ(detector->description().find("decoded"), std::string::npos)
      << "head not lifted: " << detector->description();

  size_t boxes = 0;
  for (const Json& picture : *golden) {
    const auto name = picture["image"].get<std::string>();
    SCOPED_TRACE(name);
    const Result<Image> image = read_image(shared_folder() / "data" / c.pictures / name);
    ASSERT_TRUE(image) << image.error().message;
    DetectOptions options;
    options.conf = kThreshold;
    Result<Detections> found = detector->detect(*image, options);
    ASSERT_TRUE(found) << found.error().message;
    boxes += found->boxes.size();
    expect_same(picture["detections"], std::move(found->boxes));
  }
  EXPECT_GT(boxes, 0u);
}

INSTANTIATE_TEST_SUITE_P(Models, Golden, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return test_name(param_info.param.model); });

}  // namespace
}  // namespace shrike
