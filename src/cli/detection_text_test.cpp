#include "cli/detection_text.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

PictureResult example() {
  PictureResult result;
  result.picture = "a \"b\"\n.jpg";
  result.width = 200;
  result.height = 100;
  result.detections.boxes = {{{20, 10, 60.5f, 30}, 0.5f, 1}, {{0, 0, 200, 100}, 0.25f, 7}};
  result.detections.timing = {1, 2.5, 0.25};
  return result;
}

const std::vector<std::string> kNames = {"cat", "dog"};

TEST(DetectionText, JsonIsTheContract) {
  EXPECT_EQ(detection_json(example(), kNames),
            R"({"image":"a \"b\"\n.jpg","width":200,"height":100,"detections":[)"
            R"({"class_id":1,"class":"dog","confidence":0.5,"box":[20.0,10.0,60.5,30.0]},)"
            R"({"class_id":7,"class":"class 7","confidence":0.25,"box":[0.0,0.0,200.0,100.0]}],)"
            R"("speed_ms":{"preprocess":1.0,"inference":2.5,"postprocess":0.25}})"
            "\n");
}

TEST(DetectionText, LinesForAPerson) {
  PictureResult result = example();
  result.saved = "out/a.jpg";
  EXPECT_EQ(detection_lines(result, kNames, false),
            "a \"b\"\\n.jpg  200x100  2 objects  3.8 ms\n"
            "  dog      0.50     20.0    10.0    60.5    30.0\n"
            "  class 7  0.25      0.0     0.0   200.0   100.0\n"
            "  saved to out/a.jpg\n");
  EXPECT_NE(detection_lines(result, kNames, true).find("\x1b[32mdog\x1b[0m"), std::string::npos);
  result.detections.boxes.clear();
  EXPECT_NE(detection_lines(result, kNames, false).find("0 objects"), std::string::npos);
}

TEST(DetectionText, LabelsAreFractions) {
  EXPECT_EQ(label_text(example(), false), "1 0.20125 0.2 0.2025 0.2\n7 0.5 0.5 1 1\n");
  EXPECT_EQ(label_text(example(), true), "1 0.20125 0.2 0.2025 0.2 0.5\n7 0.5 0.5 1 1 0.25\n");
  EXPECT_EQ(label_text({}, true), "");
}

}  // namespace
}  // namespace shrike
