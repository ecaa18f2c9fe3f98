#include "validate/sight_json.h"

#include <iterator>
#include <limits>

namespace shrike {

namespace {

constexpr int kBoxNumbers = 6;  // class, confidence, x1, y1, x2, y2

// Numbers that JSON cannot say are null.
std::optional<float> float_of(const Json& value) {
  if (value.is_null()) return std::numeric_limits<float>::quiet_NaN();
  if (!value.is_number()) return std::nullopt;
  return value.get<float>();
}

std::optional<double> milliseconds(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

std::optional<Detection> detection_of(const Json& row, int classes) {
  if (!row.is_array() || row.size() != kBoxNumbers || !row[0].is_number_integer())
    return std::nullopt;
  const auto class_id = row[0].get<int64_t>();
  if (class_id < 0 || class_id >= classes) return std::nullopt;
  float numbers[kBoxNumbers] = {};
  for (size_t i = 1; i < kBoxNumbers; ++i) {
    const std::optional<float> number = float_of(row[i]);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  return Detection{{numbers[2], numbers[3], numbers[4], numbers[5]},
                   numbers[1],
                   static_cast<int>(class_id)};
}

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

Json to_json(const Sight& sight) {
  Json out = {{"sample", sight.sample}, {"read_ms", sight.read_ms}};
  if (!sight.skipped.empty()) {
    out["skipped"] = sight.skipped;
    return out;
  }
  out["ms"] = {sight.timing.preprocess_ms, sight.timing.inference_ms, sight.timing.postprocess_ms};
  Json boxes = Json::array();
  for (const Detection& d : sight.boxes)
    boxes.push_back({d.class_id, json_number(d.confidence), json_number(d.box.x1),
                     json_number(d.box.y1), json_number(d.box.x2), json_number(d.box.y2)});
  out["boxes"] = std::move(boxes);
  if (!sight.finite) out["finite"] = false;
  return out;
}

std::optional<Sight> sight_of(const Json& picture, size_t sample, int classes) {
  const Json *number = find(picture, "sample"), *read_ms = find(picture, "read_ms");
  if (!number || *number != sample || !read_ms || !milliseconds(*read_ms)) return std::nullopt;
  Sight sight;
  sight.sample = sample;
  sight.read_ms = *milliseconds(*read_ms);
  if (const Json* skipped = find(picture, "skipped")) {
    if (!skipped->is_string() || skipped->get_ref<const std::string&>().empty()) return std::nullopt;
    sight.skipped = skipped->get<std::string>();
    return sight;
  }
  const Json *ms = find(picture, "ms"), *boxes = find(picture, "boxes");
  if (!ms || !ms->is_array() || ms->size() != 3 || !boxes || !boxes->is_array())
    return std::nullopt;
  double* const timing[] = {&sight.timing.preprocess_ms, &sight.timing.inference_ms,
                            &sight.timing.postprocess_ms};
  for (size_t i = 0; i < std::size(timing); ++i) {
    const std::optional<double> time = milliseconds((*ms)[i]);
    if (!time) return std::nullopt;
    *timing[i] = *time;
  }
  if (const Json* finite = find(picture, "finite")) {
    if (!finite->is_boolean()) return std::nullopt;
    sight.finite = finite->get<bool>();
  }
  for (const Json& row : *boxes) {
    const std::optional<Detection> detection = detection_of(row, classes);
    if (!detection) return std::nullopt;
    sight.boxes.push_back(*detection);
  }
  return sight;
}

}  // namespace shrike
