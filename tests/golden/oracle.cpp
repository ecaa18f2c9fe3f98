#include "oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "formats/json.h"
#include "shared_files.h"
#include "vision/decode.h"

namespace shrike {

namespace {

constexpr float kThreshold = 0.25f;  // the oracle's

bool matches(const Json& golden, const Detection& d, const Tolerance& tolerance) {
  const Json& b = golden["box"];
  const Box box{b[0].get<float>(), b[1].get<float>(), b[2].get<float>(), b[3].get<float>()};
  return golden["class_id"].get<int>() == d.class_id && iou(box, d.box) >= tolerance.iou &&
         std::abs(golden["confidence"].get<float>() - d.confidence) <= tolerance.score;
}

// Pairs each golden detection with one of ours; what is left on either side must be near the
// threshold.
void expect_same(const Json& golden, std::vector<Detection> ours, const Tolerance& tolerance) {
  const float near = kThreshold + tolerance.near_threshold;
  for (const Json& wanted : golden) {
    const auto found = std::find_if(ours.begin(), ours.end(), [&](const Detection& d) {
      return matches(wanted, d, tolerance);
    });
    if (found != ours.end()) {
      ours.erase(found);
    } else {
      EXPECT_LT(wanted["confidence"].get<float>(), near) << "missing: " << wanted.dump();
    }
  }
  for (const Detection& d : ours)
    EXPECT_LT(d.confidence, near) << "not in the oracle's: class " << d.class_id << " at "
                                  << d.box.x1 << "," << d.box.y1 << "," << d.box.x2 << ","
                                  << d.box.y2;
}

}  // namespace

std::filesystem::path oracle_file(const std::string& model) {
  return shared_folder() / "golden" / ("detect-" + model + ".json");
}

void expect_like_oracle(Detector& detector, const std::filesystem::path& oracle,
                        const std::string& pictures, const Tolerance& tolerance) {
  const Result<std::string> text = read_text(oracle, ErrorKind::kInput);
  ASSERT_TRUE(text) << text.error().message;
  const Result<Json> golden = parse_json(*text, oracle.string());
  ASSERT_TRUE(golden) << golden.error().message;
  size_t boxes = 0;
  for (const Json& picture : *golden) {
    const auto name = picture["image"].get<std::string>();
    SCOPED_TRACE(name);
    const Result<Image> image = read_image(shared_folder() / "data" / pictures / name);
    ASSERT_TRUE(image) << image.error().message;
    DetectOptions options;
    options.conf = kThreshold;
    Result<Detections> found = detector.detect(*image, options);
    ASSERT_TRUE(found) << found.error().message;
    boxes += found->boxes.size();
    expect_same(picture["detections"], std::move(found->boxes), tolerance);
  }
  EXPECT_GT(boxes, 0u);
}

}  // namespace shrike
