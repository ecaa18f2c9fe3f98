#include "validate/parts.h"

#include <algorithm>
#include <limits>
#include <system_error>

#include "base/excerpt.h"
#include "base/file.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// Few files, and little that is done again.
constexpr size_t kMostBlocks = 256, kLeastBlock = 8;

// How each of them begins: other files are left alone.
constexpr std::string_view kStart = "{\"run\":";

constexpr int kBoxNumbers = 6;  // class, confidence, x1, y1, x2, y2

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
  return out;
}

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
  for (const Json& row : *boxes) {
    const std::optional<Detection> detection = detection_of(row, classes);
    if (!detection) return std::nullopt;
    sight.boxes.push_back(*detection);
  }
  return sight;
}

// What of `run` the other one does not have, or has otherwise.
std::string difference(const Json& run, const Json& other) {
  for (const auto& [key, value] : run.items()) {
    const Json* theirs = find(other, key.c_str());
    if (!theirs || *theirs != value)
      return key + " " + (theirs ? excerpt(dump_json(*theirs)) : "nothing") + ", not " +
             excerpt(dump_json(value));
  }
  return run.size() == other.size() ? "" : "more than is known";
}

}  // namespace

Parts::Parts(fs::path folder, Json run, size_t samples, int classes)
    : folder_(std::move(folder)),
      run_(std::move(run)),
      samples_(samples),
      block_(std::max(kLeastBlock, (samples + kMostBlocks - 1) / kMostBlocks)),
      classes_(classes) {}

std::vector<size_t> Parts::samples_of(size_t block) const {
  std::vector<size_t> samples;
  for (size_t i = block * block_; i < std::min(samples_, (block + 1) * block_); ++i)
    samples.push_back(i);
  return samples;
}

fs::path Parts::path_of(size_t block) const {
  return folder_ / ("part-" + std::to_string(block) + ".json");
}

Result<Part> Parts::read(size_t block) const {
  const fs::path path = path_of(block);
  std::error_code error;
  if (!fs::exists(path, error) && !error) return Part{};
  SHRIKE_ASSIGN(const std::shared_ptr<const MappedFile> file,
                MappedFile::open(path, ErrorKind::kRuntime));
  const std::span<const std::byte> bytes = file->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!kStart.starts_with(text.substr(0, kStart.size())))
    return usage_error(path.string() +
                       " is no part of a validation; name another folder, or remove it");
  const Result<Json> json = parse_json(text, path.string());
  if (!json) return Part{{}, json.error().message};
  const auto damaged = [&](const std::string& why) {
    return Part{{}, path.string() + ": " + why};
  };
  const Json *run = find(*json, "run"), *pictures = find(*json, "pictures");
  if (!run || !run->is_object() || !pictures || !pictures->is_array())
    return damaged("what a part holds is not there");
  if (const std::string differs = difference(run_, *run); !differs.empty())
    return usage_error(path.string() + " is of another run: " + differs +
                       "; name another folder, or remove it");
  const std::vector<size_t> samples = samples_of(block);
  if (pictures->size() != samples.size()) return damaged("not as many pictures as it should have");
  Part part{std::vector<Sight>(), {}};
  for (size_t i = 0; i < samples.size(); ++i) {
    std::optional<Sight> sight = sight_of((*pictures)[i], samples[i], classes_);
    if (!sight) return damaged("picture " + std::to_string(i) + " is damaged");
    part.sights->push_back(*std::move(sight));
  }
  return part;
}

Result<void> Parts::write(size_t block, std::vector<Sight> sights) const {
  std::sort(sights.begin(), sights.end(),
            [](const Sight& a, const Sight& b) { return a.sample < b.sample; });
  Json pictures = Json::array();
  for (const Sight& sight : sights) pictures.push_back(to_json(sight));
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    return runtime_error("cannot make the folder " + folder_.string() + ": " + error.message());
  return write_file(path_of(block),
                    dump_json({{"run", run_}, {"pictures", std::move(pictures)}}) + "\n");
}

Result<void> PartWriter::take(Sight sight) {
  const size_t block = parts_.block_of(sight.sample);
  std::vector<Sight> whole;
  {
    const std::lock_guard lock(mutex_);
    std::vector<Sight>& begun = begun_[block];
    begun.push_back(std::move(sight));
    if (begun.size() < parts_.samples_of(block).size()) return {};
    whole = std::move(begun);
    begun_.erase(block);
  }
  return parts_.write(block, std::move(whole));
}

}  // namespace shrike
