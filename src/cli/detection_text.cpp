#include "cli/detection_text.h"

#include <algorithm>
#include <cstdio>

#include "base/excerpt.h"
#include "formats/json.h"
#include "vision/class_name.h"

namespace shrike {

namespace {

constexpr const char* kBold = "\x1b[1m";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kPlain = "\x1b[0m";

std::string painted(const std::string& text, const char* code, bool colour) {
  return colour ? code + text + kPlain : text;
}

template <typename... Args>
std::string format(const char* pattern, Args... args) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, pattern, args...);
  return buffer;
}

}  // namespace

std::string detection_json(const PictureResult& result, const std::vector<std::string>& names) {
  Json detections = Json::array();
  for (const Detection& d : result.detections.boxes) {
    Json box = {json_number(d.box.x1), json_number(d.box.y1), json_number(d.box.x2),
                json_number(d.box.y2)};
    detections.push_back({{"class_id", d.class_id},
                          {"class", class_name(names, d.class_id)},
                          {"confidence", json_number(d.confidence)},
                          {"box", std::move(box)}});
  }
  const Timing& timing = result.detections.timing;
  Json json = {{"image", result.picture},
               {"width", result.width},
               {"height", result.height},
               {"detections", std::move(detections)},
               {"speed_ms",
                {{"preprocess", timing.preprocess_ms},
                 {"inference", timing.inference_ms},
                 {"postprocess", timing.postprocess_ms}}}};
  if (!result.saved.empty()) json["saved"] = result.saved;
  return dump_json(json) + "\n";
}

std::string detection_lines(const PictureResult& result, const std::vector<std::string>& names,
                            bool colour) {
  const std::vector<Detection>& boxes = result.detections.boxes;
  const Timing& timing = result.detections.timing;
  const double total = timing.preprocess_ms + timing.inference_ms + timing.postprocess_ms;
  std::string text = painted(printable(result.picture), kBold, colour) +
                     format("  %dx%d  %zu object%s  %.1f ms\n", result.width, result.height,
                            boxes.size(), boxes.size() == 1 ? "" : "s", total);
  size_t widest = 0;
  for (const Detection& d : boxes) widest = std::max(widest, class_name(names, d.class_id).size());
  for (const Detection& d : boxes) {
    const std::string name = printable(class_name(names, d.class_id));
    const std::string padding(widest > name.size() ? widest - name.size() : 0, ' ');
    text += "  " + painted(name, kGreen, colour) + padding +
            format("  %.2f  %7.1f %7.1f %7.1f %7.1f\n", static_cast<double>(d.confidence),
                   static_cast<double>(d.box.x1), static_cast<double>(d.box.y1),
                   static_cast<double>(d.box.x2), static_cast<double>(d.box.y2));
  }
  if (!result.saved.empty()) text += "  saved to " + printable(result.saved) + "\n";
  return text;
}

std::string label_text(const PictureResult& result, bool confidence) {
  std::string text;
  for (const Detection& d : result.detections.boxes) {
    const CentreBox box = to_normalized(d.box, result.width, result.height);
    text += format("%d %g %g %g %g", d.class_id, static_cast<double>(box.cx),
                   static_cast<double>(box.cy), static_cast<double>(box.width),
                   static_cast<double>(box.height));
    if (confidence) text += format(" %g", static_cast<double>(d.confidence));
    text += "\n";
  }
  return text;
}

}  // namespace shrike
