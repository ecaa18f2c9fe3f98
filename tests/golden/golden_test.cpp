// Detections of real models on real pictures against an oracle's (oracle.h).
//
// Models, pictures and numbers are not in the repository (shared_files.h). A model that is not
// there is skipped by name.
#include <gtest/gtest.h>

#include <filesystem>

#include "formats/model.h"
#include "oracle.h"
#include "shared_files.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

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

class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, Detections) {
  const GoldenCase& c = GetParam();
  const fs::path numbers = oracle_file(c.model);
  const std::optional<fs::path> file = find_model(c.model);
  if (!file || !fs::exists(numbers))
    GTEST_SKIP() << c.model << ": model or golden numbers are not on this machine (" << numbers
                 << ")";
  Result<Graph> graph = load_model({*file, {}});
  ASSERT_TRUE(graph) << graph.error().message;
  Result<Detector> detector = Detector::create(*std::move(graph), file->string(), {});
  ASSERT_TRUE(detector) << detector.error().message;
  EXPECT_EQ(detector->description().find("decoded"), std::string::npos)
      << "head not lifted: " << detector->description();
  expect_like_oracle(*detector, numbers, c.pictures);
}

INSTANTIATE_TEST_SUITE_P(Models, Golden, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return test_name(param_info.param.model); });

}  // namespace
}  // namespace shrike
